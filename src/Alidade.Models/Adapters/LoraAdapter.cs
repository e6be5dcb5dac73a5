using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Adapters;

/// <summary>Settings of a low-rank adapter.</summary>
public sealed record LoraOptions
{
    /// <summary>Rank r of the update. Default 8, as PEFT.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>α in the scale α/r (or α/√r). Default 16: twice the rank, common practice.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>Scale α/√r instead of α/r (Kalajdzievski 2023, rsLoRA).</summary>
    public bool RankStabilised { get; init; }

    /// <summary>Last parts of the modules' names, such as "q_proj"; empty for every projection of the blocks.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>The scale s.</summary>
    public double Scale => RankStabilised ? Alpha / Math.Sqrt(Rank) : Alpha / Rank;
}

/// <summary>
/// Low-rank adaptation (Hu et al. 2021, arXiv 2106.09685): y = xWᵀ + s·(xAᵀ)Bᵀ with W frozen. A role over one base: policy, reference and
/// reward model are adapters, and the reference of a policy is the base with its adapter off.
/// </summary>
public sealed class LoraAdapter : IDisposable
{
    internal LoraAdapter(string name, LoraOptions options, OrderedDictionary<string, LoraFactors> factors) =>
        (Name, Options, Factors) = (name, options, factors);

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>Its settings.</summary>
    public LoraOptions Options { get; }

    /// <summary>The factors by module.</summary>
    public IReadOnlyDictionary<string, LoraFactors> Factors { get; }

    /// <summary>The trainable tensors with the names PEFT gives them: A and B of each module in the model's order.</summary>
    public IEnumerable<(string Name, Tensor Value)> Parameters =>
        Factors.SelectMany(f => new[] { ($"base_model.model.{f.Key}.lora_A.weight", f.Value.A), ($"base_model.model.{f.Key}.lora_B.weight", f.Value.B) });

    /// <summary>A new adapter that changes nothing: A uniform as PEFT's Kaiming initialisation (a = √5: bound 1/√in), B zero.</summary>
    /// <exception cref="AlidadeException">A target names no module, or the rank is below 1.</exception>
    public static LoraAdapter Create(CausalLM model, string name, LoraOptions options, ulong seed)
    {
        if (options.Rank < 1)
            throw new AlidadeException($"adapter '{name}': rank is {options.Rank}, it must be at least 1");
        var modules = model.AdaptableModules;
        foreach (var target in options.Targets)
            if (!modules.Keys.Any(m => Matches(m, target)))
                throw new AlidadeException($"adapter '{name}': no module is named '{target}'; there are {string.Join(", ", modules.Keys.Select(LastPart).Distinct())}");
        using var generator = new Generator(seed, CPU);
        var factors = new OrderedDictionary<string, LoraFactors>(StringComparer.Ordinal);
        foreach (var (module, (inputs, outputs)) in modules)
        {
            if (options.Targets.Count > 0 ? !options.Targets.Any(t => Matches(module, t)) : !model.IsProjection(module))
                continue;
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var bound = 1 / Math.Sqrt(inputs);
            var a = ((rand([options.Rank, inputs], generator: generator) * (2 * bound)) - bound).to(model.DType).to(model.Device);
            var b = zeros([outputs, options.Rank], model.DType, model.Device);
            factors.Add(module, new(Own(a), Own(b), options.Scale));
        }

        return new(name, options, factors);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (a, b, _, _) in Factors.Values)
        {
            a.Dispose();
            b.Dispose();
        }
    }

    internal static Tensor Own(Tensor value) => value.detach().requires_grad_(true).DetachFromDisposeScope();

    internal static bool Matches(string module, string target) => module == target || module.EndsWith("." + target, StringComparison.Ordinal);

    private static string LastPart(string module) => module[(module.LastIndexOf('.') + 1)..];
}
