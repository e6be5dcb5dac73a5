using System.Reflection;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>
/// A decoder's facts as the metadata of a GGUF file, and the tensors of divisors that belong to them. What is written is read back by the family that reads
/// the architecture, and a fact that did not come back is a refusal by its name: nothing gets lost on the way.
/// </summary>
/// <remarks>Keys and what converters write for them: ggml's docs/gguf.md, llama.cpp's convert_hf_to_gguf.</remarks>
internal static class GgufMetadataWriter
{
    /// <summary>Compared as what they mean for a layer, not as they are stored.</summary>
    private static readonly string[] ComparedByLayer =
        [nameof(DecoderConfig.Family), nameof(DecoderConfig.Rotary), nameof(DecoderConfig.WindowRotary), nameof(DecoderConfig.RotaryLayers), nameof(DecoderConfig.Window), nameof(DecoderConfig.WindowLayers), nameof(DecoderConfig.ScoreScale)];

    /// <summary>Metadata and divisors.</summary>
    /// <param name="architecture">The file's <c>general.architecture</c>.</param>
    /// <param name="c">The facts.</param>
    public static (OrderedDictionary<string, object> Metadata, IReadOnlyDictionary<string, float[]> Divisors) Write(string architecture, DecoderConfig c)
    {
        var metadata = new OrderedDictionary<string, object>();
        var divisors = new Dictionary<string, float[]>(StringComparer.Ordinal);
        void Own(string key, object? value)
        {
            if (value is not null)
                metadata[$"{architecture}.{key}"] = value;
        }

        Own("vocab_size", (uint)c.VocabularySize);
        Own("context_length", (uint)c.ContextLength);
        Own("embedding_length", (uint)c.Width);
        Own("block_count", (uint)c.Layers);
        Own("feed_forward_length", (uint)c.MlpWidth);
        Own("attention.head_count", (uint)c.Heads);
        Own("attention.head_count_kv", (uint)c.KeyValueHeads);
        Own(c.Norm == NormKind.Rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon", (float)c.NormEpsilon);
        if ((long)c.HeadDim * c.Heads != c.Width)
        {
            Own("attention.key_length", (uint)c.HeadDim);
            Own("attention.value_length", (uint)c.HeadDim);
        }

        Own("attention.sliding_window", (uint?)c.Window);
        Own("attn_logit_softcapping", (float?)c.ScoreCap);
        Own("final_logit_softcapping", (float?)c.LogitCap);
        if (c.BlockNorms == BlockNorms.BeforeAttention || c.ParallelResidual)
            Own("use_parallel_residual", c.ParallelResidual);
        if (c.Rotary is { } rotary)
            WriteRotary(rotary, Own, divisors);
        Own("rope.freq_base_swa", (float?)c.WindowRotary?.Theta);
        return (metadata, divisors);
    }

    /// <summary>The name of a fact that is not in both; null when all agree.</summary>
    public static string? Difference(DecoderConfig a, DecoderConfig b)
    {
        foreach (var property in typeof(DecoderConfig).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => !ComparedByLayer.Contains(p.Name)))
            if (!Agree(property.GetValue(a), property.GetValue(b)))
                return property.Name;
        for (var layer = 0; layer < a.Layers; layer++)
        {
            if (a.WindowOf(layer) != b.WindowOf(layer))
                return nameof(DecoderConfig.Window);
            if (!Agree(a.RotaryOf(layer), b.RotaryOf(layer), a.ContextLength))
                return nameof(DecoderConfig.Rotary);
        }

        return null;
    }

    private static void WriteRotary(RotaryConfig rotary, Action<string, object?> own, Dictionary<string, float[]> divisors)
    {
        own("rope.dimension_count", (uint)rotary.Dimensions);
        own("rope.freq_base", (float)rotary.Theta);
        switch (rotary.Scaling)
        {
            case RotaryScaling.Linear or RotaryScaling.Yarn:
                own("rope.scaling.type", rotary.Scaling == RotaryScaling.Linear ? "linear" : "yarn");
                own("rope.scaling.factor", (float)rotary.Factor);
                own("rope.scaling.original_context_length", (uint)rotary.OriginalContext);
                // The file's factor comes on top of the usual one.
                var usual = (rotary with { AttentionFactor = null, MScale = null, MScaleAllDimensions = null }).CosineFactor;
                if (rotary.CosineFactor != usual)
                    own("rope.scaling.attn_factor", (float)(rotary.CosineFactor / usual));
                break;
            case RotaryScaling.LongRope:
                own("rope.scaling.original_context_length", (uint)rotary.OriginalContext);
                own("rope.scaling.attn_factor", (float)rotary.CosineFactor);
                divisors["rope_factors_long.weight"] = [.. rotary.LongFactors!.Select(f => (float)f)];
                divisors["rope_factors_short.weight"] = [.. rotary.ShortFactors!.Select(f => (float)f)];
                break;
            case RotaryScaling.Divisors:
                divisors["rope_freqs.weight"] = [.. rotary.ShortFactors!.Select(f => (float)f)];
                break;
            case RotaryScaling.Llama3:
                // The metadata have no words for it: its effect is written, a divisor for each frequency.
                var plain = (rotary with { Scaling = RotaryScaling.None }).InverseFrequencies(1);
                divisors["rope_freqs.weight"] = [.. plain.Zip(rotary.InverseFrequencies(1), (f, scaled) => f / scaled)];
                break;
        }
    }

    private static bool Agree(object? a, object? b) => (a, b) switch
    {
        (double x, double y) => Close(x, y),
        (IReadOnlyList<int> x, IReadOnlyList<int> y) => x.Order().SequenceEqual(y.Order()),
        _ => Equals(a, b),
    };

    // Equal turns at every length are the same positions, however they were described.
    private static bool Agree(RotaryConfig? a, RotaryConfig? b, int context)
    {
        if (a is null || b is null)
            return a is null && b is null;
        return a.Dimensions == b.Dimensions && Close(a.CosineFactor, b.CosineFactor)
            && new[] { 1, a.OriginalContext, a.OriginalContext + 1, context }.Where(l => l > 0)
                .All(length => a.InverseFrequencies(length).Zip(b.InverseFrequencies(length)).All(f => Close(f.First, f.Second)));
    }

    // GGUF holds 32-bit floats.
    private static bool Close(double a, double b) => Math.Abs(a - b) <= 1e-6 * Math.Max(Math.Abs(a), Math.Abs(b));
}
