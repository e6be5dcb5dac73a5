using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Families;
using Alidade.Models.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Adapters;

/// <summary>Adapters as llama.cpp and LLamaSharp load them beside a model's GGUF file.</summary>
/// <remarks>
/// llama.cpp <c>convert_lora_to_gguf.py</c>: <c>general.type</c> "adapter", <c>adapter.type</c> "lora", <c>adapter.lora.alpha</c>, and for each module
/// <c>NAME.weight.lora_a</c> [rank, in] and <c>NAME.weight.lora_b</c> [out, rank], the rows of B in the order of the rows of the weight. llama.cpp scales by α/rank; what
/// an adapter scales otherwise is put into its B.
/// </remarks>
public static class GgufAdapter
{
    /// <summary>Says what of an adapter cannot be written, and writes nothing.</summary>
    /// <exception cref="NotBuiltException">It changes what the format has no place for: magnitudes, whole tensors, embeddings; it is named.</exception>
    public static void Check(LoraAdapter adapter, CausalLM model) => Places(adapter, model);

    /// <summary>Writes an adapter.</summary>
    /// <exception cref="NotBuiltException">It changes what the format has no place for: magnitudes, whole tensors, embeddings; it is named.</exception>
    public static void Save(LoraAdapter adapter, CausalLM model, string path)
    {
        var places = Places(adapter, model);
        var architecture = GgufSaver.ArchitectureOf(model.Family);
        var reader = ModelFamily.OfGguf(architecture, path);
        var tensors = new List<TensorSource>();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (module, weight) in places)
        {
            var factors = adapter.Factors[module];
            var rank = factors.A.size(0);
            var layout = reader.GgufLayout(model.Config, weight);
            // A and B are [rank, in] and [out, rank] however the weight itself is stored; only an order of rows concerns B.
            var rows = layout.ShapeInFile(weight.Shape).SequenceEqual(weight.Shape) ? layout.InFile(factors.B.detach()) : factors.B.detach();
            tensors.Add(TensorFiles.Source(weight.GgufName + ".lora_a", factors.A, "F32"));
            tensors.Add(TensorFiles.Source(weight.GgufName + ".lora_b", (rows * (factors.Scale * rank / adapter.Options.Alpha)).contiguous(), "F32"));
        }

        GgufWriter.Write(path, new OrderedDictionary<string, object>
        {
            ["general.type"] = "adapter",
            ["general.architecture"] = architecture,
            ["general.name"] = adapter.Name,
            ["adapter.type"] = "lora",
            ["adapter.lora.alpha"] = (float)adapter.Options.Alpha,
        }, tensors);
    }

    // The weight of the file that each module's factors change.
    private static List<(string Module, ExpectedTensor Weight)> Places(LoraAdapter adapter, CausalLM model)
    {
        GgufSaver.ArchitectureOf(model.Family);
        if (adapter.Replacements.Keys.FirstOrDefault() is { } whole)
            throw new NotBuiltException($"adapter '{adapter.Name}' keeps '{whole}' whole, for which a GGUF adapter has no place; write the merged model instead");
        var expected = DecoderAssembly.Expected(model.Family, model.Config).ToDictionary(e => e.Name, StringComparer.Ordinal);
        var places = new List<(string, ExpectedTensor)>();
        foreach (var (module, factors) in adapter.Factors)
        {
            if (factors.Magnitude is not null || factors.OfEmbedding || !expected.TryGetValue(module + ".weight", out var weight))
                throw new NotBuiltException($"adapter '{adapter.Name}' changes '{module}' in a way for which a GGUF adapter has no place; write the merged model instead");
            if (expected.Values.Count(e => e.GgufName == weight.GgufName) > 1)
                throw new NotBuiltException($"'{module}' is a part of the tensor '{weight.GgufName}' of a GGUF file, for which an adapter is not written yet; write the merged model instead");
            places.Add((module, weight));
        }

        return places;
    }
}
