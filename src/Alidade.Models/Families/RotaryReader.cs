using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Reads rotary settings in the forms that configurations carry: <c>rope_parameters</c>, or <c>rope_theta</c> with <c>rope_scaling</c>; and GGUF metadata.</summary>
internal static class RotaryReader
{
    /// <summary>Reads config.json.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="headDim">Size of a head.</param>
    /// <param name="context">The model's longest sequence before stretching, in tokens.</param>
    /// <param name="share">The share of a head that is turned, when the file does not say.</param>
    /// <param name="layers">The kind of layers asked for (<c>full_attention</c>), where each has parameters of its own.</param>
    public static RotaryConfig Read(ConfigReader config, int headDim, int context, double share = 1, string? layers = null)
    {
        var given = config.Object("rope_parameters");
        if (layers is not null)
            given = given?.Object(layers) ?? given;
        var parameters = given ?? config.Object("rope_scaling");
        var theta = given?.Number("rope_theta") ?? config.Number("rope_theta") ?? config.Number("rotary_emb_base") ?? 10000;
        var turned = given?.Number("partial_rotary_factor") ?? config.Number("partial_rotary_factor") ?? config.Number("rotary_pct") ?? share;
        var dimensions = (int)(headDim * turned);
        var kind = parameters?.Text("rope_type") ?? parameters?.Text("type") ?? "default";
        var scaling = kind switch
        {
            "default" => RotaryScaling.None,
            "linear" => RotaryScaling.Linear,
            "dynamic" => RotaryScaling.Dynamic,
            "llama3" => RotaryScaling.Llama3,
            "yarn" => RotaryScaling.Yarn,
            "longrope" or "su" => RotaryScaling.LongRope,
            _ => throw new NotBuiltException($"{config.Where}: rotary scaling '{kind}' is not known; known are default, linear, dynamic, llama3, yarn, longrope"),
        };
        if (scaling == RotaryScaling.None)
            return new() { Theta = theta, Dimensions = dimensions };
        var original = config.OptionalSize("original_max_position_embeddings") ?? parameters!.OptionalSize("original_max_position_embeddings") ?? context;
        var rotary = new RotaryConfig
        {
            Theta = theta,
            Dimensions = dimensions,
            Scaling = scaling,
            OriginalContext = scaling == RotaryScaling.Dynamic ? context : original,
            Factor = parameters!.Number("factor") ?? (scaling == RotaryScaling.LongRope ? (double)context / original : throw new AlidadeException($"{config.Where}: rotary scaling '{kind}' has no 'factor'")),
            LowFrequencyFactor = parameters.Number("low_freq_factor") ?? 1,
            HighFrequencyFactor = parameters.Number("high_freq_factor") ?? 4,
            BetaFast = parameters.Number("beta_fast") ?? 32,
            BetaSlow = parameters.Number("beta_slow") ?? 1,
            Truncate = parameters.Flag("truncate", true),
            AttentionFactor = parameters.Number("attention_factor"),
            MScale = parameters.Number("mscale"),
            MScaleAllDimensions = parameters.Number("mscale_all_dim"),
            ShortFactors = parameters.Numbers("short_factor"),
            LongFactors = parameters.Numbers("long_factor"),
        };
        if (scaling == RotaryScaling.LongRope && (rotary.ShortFactors?.Count != dimensions / 2 || rotary.LongFactors?.Count != dimensions / 2))
            throw new AlidadeException($"{config.Where}: longrope needs short_factor and long_factor of {dimensions / 2} numbers each");
        return rotary;
    }

    /// <summary>Reads GGUF metadata; divisors that lie in the file as a tensor are put in by the loader.</summary>
    public static RotaryConfig ReadGguf(GgufConfigReader metadata, int dimensions, int context)
    {
        var kind = metadata.Text("rope.scaling.type") ?? "none";
        var rotary = new RotaryConfig
        {
            Theta = metadata.Number("rope.freq_base") ?? 10000,
            Dimensions = dimensions,
            OriginalContext = metadata.OptionalSize("rope.scaling.original_context_length") ?? context,
            Factor = metadata.Number("rope.scaling.factor") ?? 1,
            AttentionFactor = metadata.Number("rope.scaling.attn_factor"),
        };
        return kind switch
        {
            // Of a long rope the divisors are tensors.
            "none" or "longrope" => rotary,
            "linear" => rotary with { Scaling = RotaryScaling.Linear },
            // Here the file's factor comes on top of the usual one.
            "yarn" => rotary with { Scaling = RotaryScaling.Yarn, AttentionFactor = rotary.AttentionFactor * (rotary with { Scaling = RotaryScaling.Yarn, AttentionFactor = null }).CosineFactor },
            _ => throw new NotBuiltException($"{metadata.Where}: rotary scaling '{kind}' is not known; known are none, linear, yarn, longrope"),
        };
    }

    /// <summary>Writes context and rotary settings in the form of released models: <c>rope_theta</c>, <c>rope_scaling</c>, <c>partial_rotary_factor</c>.</summary>
    /// <param name="json">The file's content.</param>
    /// <param name="config">The facts.</param>
    /// <param name="share">The share of a head that readers turn when the file does not say.</param>
    public static void Write(JsonObject json, DecoderConfig config, double share = 1)
    {
        var rotary = config.Rotary ?? throw new AlidadeException($"a model of family '{config.Family}' turns queries and keys, and this one has no rotary positions: its file has no way to say so; give the configuration a Rotary, or take a family without");
        json["max_position_embeddings"] = rotary.Scaling == RotaryScaling.Dynamic ? rotary.OriginalContext : config.ContextLength;
        json["rope_theta"] = rotary.Theta;
        json["rope_scaling"] = Scaling(rotary);
        if (rotary.Dimensions != (int)(config.HeadDim * share))
            json["partial_rotary_factor"] = Share(config);
    }

    /// <summary>The share of a head that is turned. Readers cut head size × share off to a whole number, so that a quotient that was rounded down would lose a dimension.</summary>
    public static double Share(DecoderConfig config)
    {
        var share = (double)config.Rotary!.Dimensions / config.HeadDim;
        return (int)(config.HeadDim * share) < config.Rotary.Dimensions ? Math.BitIncrement(share) : share;
    }

    private static JsonObject? Scaling(RotaryConfig rotary)
    {
        if (rotary.Scaling == RotaryScaling.None)
            return null;
        var json = new JsonObject
        {
            ["rope_type"] = rotary.Scaling switch
            {
                RotaryScaling.Llama3 => "llama3",
                RotaryScaling.Linear => "linear",
                RotaryScaling.Dynamic => "dynamic",
                RotaryScaling.Yarn => "yarn",
                _ => "longrope",
            },
            ["factor"] = rotary.Factor,
            ["original_max_position_embeddings"] = rotary.OriginalContext,
        };
        if (rotary.Scaling == RotaryScaling.Llama3)
            (json["low_freq_factor"], json["high_freq_factor"]) = (rotary.LowFrequencyFactor, rotary.HighFrequencyFactor);
        if (rotary.Scaling == RotaryScaling.Yarn)
        {
            (json["beta_fast"], json["beta_slow"], json["truncate"]) = (rotary.BetaFast, rotary.BetaSlow, rotary.Truncate);
            (json["mscale"], json["mscale_all_dim"]) = (rotary.MScale, rotary.MScaleAllDimensions);
        }

        // Divisors that are the same for every length are a long rope whose two lists agree, with the factor that it would not have of itself.
        if ((rotary.Scaling == RotaryScaling.Divisors ? 1 : rotary.AttentionFactor) is { } factor)
            json["attention_factor"] = factor;
        if (rotary.ShortFactors is { } shorts)
            json["short_factor"] = new JsonArray([.. shorts.Select(f => JsonValue.Create(f))]);
        if ((rotary.LongFactors ?? rotary.ShortFactors) is { } longs)
            json["long_factor"] = new JsonArray([.. longs.Select(f => JsonValue.Create(f))]);
        return json;
    }
}
