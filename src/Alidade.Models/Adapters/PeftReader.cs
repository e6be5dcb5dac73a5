using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Adapters;

/// <summary>Sorts the tensors of a PEFT file into an adapter for a model.</summary>
/// <param name="model">The base.</param>
/// <param name="options">What the configuration says.</param>
/// <param name="path">The file, for messages.</param>
/// <param name="tensors">Its tensors, which stay the caller's.</param>
internal sealed partial class PeftReader(CausalLM model, LoraOptions options, string path, IReadOnlyDictionary<string, Tensor> tensors)
{
    private readonly OrderedDictionary<string, LoraFactors> factors = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, Tensor> replacements = new(StringComparer.Ordinal);

    /// <summary>The adapter; whether it fits the model is not looked at.</summary>
    public LoraAdapter Read(string name)
    {
        using var noGrad = no_grad();
        var adapter = new LoraAdapter(name, options, factors, replacements);
        try
        {
            foreach (var (full, value) in tensors)
            {
                using var scope = NewDisposeScope();
                if (!full.StartsWith(PeftNames.Prefix, StringComparison.Ordinal))
                    throw new NotBuiltException($"{path}: the name of tensor '{full}' does not begin with '{PeftNames.Prefix}'");
                var rest = full[PeftNames.Prefix.Length..];
                if (PartName().Match(rest) is { Success: true } match)
                    AddFactors(match.Groups["module"].Value, match.Groups["kind"].Value, full);
                else if (rest.Contains("lora_", StringComparison.Ordinal))
                    throw new NotBuiltException($"{path}: tensor '{full}' is of a kind that is not supported");
                else
                    AddReplacement(rest, value);
            }

            return adapter;
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    private void AddFactors(string module, string kind, string full)
    {
        var ofEmbedding = kind == "embedding" || (kind == "magnitude" && tensors.ContainsKey($"{PeftNames.Prefix}{module}.lora_embedding_A"));
        if (factors.TryGetValue(module, out var known))
        {
            if (known.OfEmbedding != ofEmbedding)
                throw new AlidadeException($"{path}: '{module}' has factors of an embedding and of a projection");
            return;
        }

        if (model.Places.Modules.TryGetValue(module, out var place) && place is Embedding != ofEmbedding)
            throw new AlidadeException($"{path}: '{full}' is for {(ofEmbedding ? "an embedding" : "a projection")}, which '{module}' of {model.Name} is not");
        var a = Part(module, ofEmbedding ? ".lora_embedding_A" : ".lora_A.weight");
        var b = Part(module, ofEmbedding ? ".lora_embedding_B" : ".lora_B.weight");
        var magnitude = tensors.GetValueOrDefault($"{PeftNames.Prefix}{module}.lora_magnitude_vector") ?? tensors.GetValueOrDefault($"{PeftNames.Prefix}{module}.lora_magnitude_vector.weight");
        if (a.dim() != 2 || b.dim() != 2 || a.size(0) != b.size(1))
            throw new AlidadeException($"{path}: the factors of '{module}' have shapes {Shape(a)} and {Shape(b)}, they must be [rank, in] and [out, rank]");
        if (a.size(0) != options.RankOf(module))
            throw new AlidadeException($"{path}: the update of '{module}' has rank {a.size(0)}, adapter_config.json says {options.RankOf(module)}");
        if (options.Dora != magnitude is not null || (magnitude is not null && (magnitude.dim() != 1 || magnitude.size(0) != b.size(0))))
            throw new AlidadeException($"{path}: the magnitude of '{module}' is {(magnitude is null ? "missing" : Shape(magnitude))}, {(options.Dora ? $"it must be [{b.size(0)}]" : "and adapter_config.json does not say 'use_dora'")}");
        factors.Add(module, new(Own(a), Own(b), options.ScaleOf(module), magnitude is null ? null : Own(magnitude)) { OfEmbedding = ofEmbedding });
    }

    private void AddReplacement(string rest, Tensor value)
    {
        var parameter = rest.Replace(".base_layer.", ".", StringComparison.Ordinal);
        var own = Own(value);
        // PEFT copies an embedding that has an update into the file, as it is in the base.
        if (rest.EndsWith(".base_layer.weight", StringComparison.Ordinal) && model.Places.Slots.TryGetValue(parameter, out var slot)
            && own.shape.SequenceEqual(slot.Shape) && own.eq(slot.Own).all().item<bool>())
            own.Dispose();
        else if (!replacements.TryAdd(parameter, own))
            throw new AlidadeException($"{path}: '{parameter}' is there twice, with and without 'base_layer'");
    }

    private Tensor Part(string module, string part) =>
        tensors.GetValueOrDefault(PeftNames.Prefix + module + part) ?? throw new AlidadeException($"{path}: '{module}' has no tensor '{PeftNames.Prefix}{module}{part}'");

    private Tensor Own(Tensor value) => LoraAdapter.Own(value.to(model.DType).to(model.Device));

    private static string Shape(Tensor value) => $"[{string.Join(", ", value.shape)}]";

    [GeneratedRegex(@"^(?<module>.+)\.lora_([AB]\.weight|(?<kind>embedding)_[AB]|(?<kind>magnitude)_vector(\.weight)?)$")]
    private static partial Regex PartName();
}
