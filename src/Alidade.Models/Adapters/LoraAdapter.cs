using Alidade.Core;
using Alidade.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Adapters;

/// <summary>
/// A role over one frozen base: low-rank updates of some of its modules (<see cref="LoraFactors"/>), and whole tensors that stand in for the base's, which are trained
/// biases and saved modules. Policy, reference and reward model are adapters, and the reference of a policy is the base with its adapter off.
/// </summary>
public sealed class LoraAdapter : IDisposable
{
    internal LoraAdapter(string name, LoraOptions options, OrderedDictionary<string, LoraFactors> factors, OrderedDictionary<string, Tensor> replacements) =>
        (Name, Options, Factors, Replacements) = (name, options, factors, replacements);

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>Its settings.</summary>
    public LoraOptions Options { get; }

    /// <summary>The low-rank updates by module.</summary>
    public IReadOnlyDictionary<string, LoraFactors> Factors { get; }

    /// <summary>The tensors that stand in for the base's, by the base's names.</summary>
    public IReadOnlyDictionary<string, Tensor> Replacements { get; }

    /// <summary>The trainable tensors with the names PEFT gives them: the updates module by module in the model's order, then the replacements.</summary>
    public IEnumerable<(string Name, Tensor Value)> Parameters =>
        Factors.SelectMany(f => PeftNames.Of(f.Key, f.Value)).Concat(Replacements.Select(r => (PeftNames.OfReplacement(r.Key, Factors.ContainsKey), r.Value)));

    /// <summary>
    /// A new adapter that changes nothing: A uniform as PEFT's Kaiming initialisation (a = √5: bound 1/√in) and B zero, for embeddings A zero and B normal; magnitudes,
    /// biases and saved modules as the base has them.
    /// </summary>
    /// <param name="model">The base.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="seed">Seed of the random factors.</param>
    /// <exception cref="AlidadeException">A name fits no module, a block does not exist, or a rank is below 1.</exception>
    public static LoraAdapter Create(CausalLM model, string name, LoraOptions options, ulong seed)
    {
        Check(model, name, options);
        using var noGrad = no_grad();
        using var generator = new Generator(seed, CPU);
        var factors = new OrderedDictionary<string, LoraFactors>(StringComparer.Ordinal);
        foreach (var module in model.Places.Modules.Values.Where(m => options.Updates(m.Name, model.Places.IsProjection(m))))
            factors.Add(module.Name, New(module, options, generator));
        var replacements = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var parameter in options.Replaced(model.Places.Slots.Keys, factors.ContainsKey))
            replacements.Add(parameter, Copy(model.Places.Slots[parameter]));
        if (options.ScoringLabels != 0)
            replacements.Add(ScoringConfig.WeightName, NewScoringHead(model, options.ScoringLabels, seed));
        return new(name, options, factors, replacements);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var factors in Factors.Values)
            factors.Dispose();
        foreach (var tensor in Replacements.Values)
            tensor.Dispose();
    }

    internal static Tensor Own(Tensor value) => value.detach().requires_grad_(true).DetachFromDisposeScope();

    private static LoraFactors New(AdaptableModule module, LoraOptions options, Generator generator)
    {
        using var scope = NewDisposeScope();
        var rank = options.RankOf(module.Name);
        var (type, device) = (module.DType, module.Device);
        var isEmbedding = module is Embedding;
        var bound = 1 / Math.Sqrt(module.Inputs);
        var a = isEmbedding ? zeros(rank, module.Inputs) : (rand([rank, module.Inputs], generator: generator) * (2 * bound)) - bound;
        var b = isEmbedding ? randn([module.Outputs, rank], generator: generator) : zeros(module.Outputs, rank);
        var magnitude = options.Dora ? Own(module.Weight.norm(module.InputMajor ? 0 : 1)) : null;
        return new(Own(a.to(type).to(device)), Own(b.to(type).to(device)), options.ScaleOf(module.Name), magnitude) { OfEmbedding = isEmbedding };
    }

    private static Tensor Copy(WeightSlot slot)
    {
        using var scope = NewDisposeScope();
        return Own(slot.Own.clone());
    }

    private static Tensor NewScoringHead(CausalLM model, int labels, ulong seed)
    {
        using var scope = NewDisposeScope();
        return Own(model.NewScoringHead(labels, seed));
    }

    private static void Check(CausalLM model, string name, LoraOptions options)
    {
        if (options.Rank < 1 || options.RankPattern.Values.Any(r => r < 1))
            throw new AlidadeException($"adapter '{name}': rank is {options.RankPattern.Values.Append(options.Rank).Min()}, it must be at least 1");
        var modules = model.Places.Modules.Values.ToArray();
        if (options.Targets.FirstOrDefault(t => !modules.Any(m => ModuleNames.EndsIn(m.Name, t))) is { } target)
            throw new AlidadeException($"adapter '{name}': no module is named '{target}'; there are {string.Join(", ", modules.Select(m => PeftNames.LastPart(m.Name)).Distinct())}");
        if (options.ScoringLabels < 0 || (options.ScoringLabels > 0 && model.Config.Scoring is not null))
            throw new AlidadeException(options.ScoringLabels < 0 ? $"adapter '{name}': a scoring head cannot have {options.ScoringLabels} labels"
                : $"adapter '{name}': {model.Name} has a scoring head; to train it with the adapter, name 'score' among the saved modules");
        if (options.SavedModules.FirstOrDefault(s => !model.Places.Slots.Keys.Any(p => ModuleNames.IsWithin(PeftNames.ModuleOf(p), s))) is { } saved)
            throw new AlidadeException($"adapter '{name}': no module to be saved is named '{saved}'");
        if (options.Layers.Where(l => l < 0 || l >= model.Config.Layers).ToArray() is [var layer, ..])
            throw new AlidadeException($"adapter '{name}': there is no block {layer}; {model.Name} has blocks 0 to {model.Config.Layers - 1}");
        if (!modules.Any(m => options.Updates(m.Name, model.Places.IsProjection(m))))
            throw new AlidadeException($"adapter '{name}': its settings fit no module of {model.Name}");
    }
}
