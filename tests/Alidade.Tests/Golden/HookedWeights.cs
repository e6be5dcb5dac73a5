using Alidade.Models;
using Alidade.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden;

/// <summary>
/// A model's weights by TransformerLens' names and in its shapes: <c>W_Q</c>, <c>W_K</c>, <c>W_V</c> [head, width, head size], <c>W_O</c> [head, head size, width],
/// everything else [in, out]. A bias that the model does not have is 0.
/// </summary>
internal static class HookedWeights
{
    /// <summary>The tensors belong to the current scope.</summary>
    public static IReadOnlyDictionary<string, Tensor> Of(CausalLM model)
    {
        var config = model.Config;
        var assembly = new DecoderAssembly(model.Family, config, model.Parameters);
        var weights = new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["embed.W_E"] = assembly.Embedding.Weight, ["unembed.W_U"] = assembly.Head!.Projection.InputMajorWeight() };
        if (assembly.Decoder.PositionEmbedding is { } positions)
            weights["pos_embed.W_pos"] = positions.Weight;
        weights["unembed.b_U"] = assembly.Head!.Projection.Bias ?? zeros(config.VocabularySize);
        AddNorm(weights, "ln_final", assembly.Decoder.FinalNorm);
        foreach (var (layer, block) in assembly.Decoder.Blocks.Index())
        {
            var name = $"blocks.{layer}.";
            AddNorm(weights, name + "ln1", block.AttentionNorm!);
            AddNorm(weights, name + "ln2", block.MlpNorm!);
            foreach (var (letter, (weight, bias), heads) in Attention(config, block))
            {
                weights[$"{name}attn.W_{letter}"] = weight.view(config.Width, heads, config.HeadDim).transpose(0, 1);
                weights[$"{name}attn.b_{letter}"] = bias.view(heads, config.HeadDim);
            }

            var (output, outputBias) = Parts(block.Output);
            weights[name + "attn.W_O"] = output.view(config.Heads, config.HeadDim, config.Width);
            weights[name + "attn.b_O"] = outputBias;
            foreach (var (key, linear) in new[] { ("in", block.Up), ("gate", block.Gate), ("out", block.Down) })
                if (linear is not null)
                    (weights[$"{name}mlp.W_{key}"], weights[$"{name}mlp.b_{key}"]) = Parts(linear);
        }

        return weights;
    }

    private static IEnumerable<(char Letter, (Tensor Weight, Tensor Bias) Parts, int Heads)> Attention(DecoderConfig config, BlockWeights block)
    {
        if (block.QueryKeyValue is not { } fused)
            return [('Q', Parts(block.Query!), config.Heads), ('K', Parts(block.Key!), config.KeyValueHeads), ('V', Parts(block.Value!), config.KeyValueHeads)];
        var (weight, bias) = Parts(fused);
        if (config.QueryKeyValueLayout == FusedLayout.ByKeyHead)
            (weight, bias) = (InBlocks(config, weight, 1), InBlocks(config, bias, 0));
        int[] heads = [config.Heads, config.KeyValueHeads, config.KeyValueHeads];
        long[] sizes = [.. heads.Select(h => (long)h * config.HeadDim)];
        var (weights, biases) = (weight.split(sizes, 1), bias.split(sizes, 0));
        return Enumerable.Range(0, 3).Select(i => ("QKV"[i], (weights[i].contiguous(), biases[i]), heads[i]));
    }

    // From queries, key and value of each key head to all queries, all keys, all values.
    private static Tensor InBlocks(DecoderConfig config, Tensor fused, int dimension)
    {
        var parts = fused.unflatten(dimension, [config.KeyValueHeads, config.HeadsPerKey + 2, config.HeadDim]).split([config.HeadsPerKey, 1, 1], dimension + 1);
        return cat([.. parts.Select(p => p.flatten(dimension, dimension + 2))], dimension);
    }

    private static (Tensor Weight, Tensor Bias) Parts(Linear linear) => (linear.InputMajorWeight(), linear.Bias ?? zeros(linear.Outputs));

    private static void AddNorm(Dictionary<string, Tensor> weights, string name, Norm norm)
    {
        weights[name + ".w"] = norm.Weight!;
        if (norm.Bias is { } shift)
            weights[name + ".b"] = shift;
    }
}
