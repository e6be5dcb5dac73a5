using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Reads rotary settings in the forms that configurations carry: <c>rope_parameters</c>, or <c>rope_theta</c> with <c>rope_scaling</c>; and GGUF metadata.</summary>
internal static class RotaryReader
{
    /// <summary>Reads config.json.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="dimensions">Dimensions of a head that are turned.</param>
    /// <param name="context">The model's longest sequence, in tokens.</param>
    public static RotaryConfig Read(ConfigReader config, int dimensions, int context)
    {
        var parameters = config.Object("rope_parameters") ?? config.Object("rope_scaling");
        var theta = config.Object("rope_parameters")?.Number("rope_theta") ?? config.Number("rope_theta") ?? 10000;
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
        var rotary = new RotaryConfig { Theta = metadata.Number("rope.freq_base") ?? 10000, Dimensions = dimensions };
        return kind switch
        {
            "none" => rotary,
            "linear" => rotary with { Scaling = RotaryScaling.Linear, Factor = metadata.Number("rope.scaling.factor") ?? 1, OriginalContext = context },
            "yarn" => rotary with
            {
                Scaling = RotaryScaling.Yarn,
                Factor = metadata.Number("rope.scaling.factor") ?? 1,
                OriginalContext = metadata.OptionalSize("rope.scaling.original_context_length") ?? context,
            },
            _ => throw new NotBuiltException($"{metadata.Where}: rotary scaling '{kind}' is not known; known are none, linear, yarn"),
        };
    }

    /// <summary>The <c>rope_scaling</c> object; null for none.</summary>
    public static JsonObject? Write(RotaryConfig rotary)
    {
        if (rotary.Scaling == RotaryScaling.None)
            return null;
        if (rotary.Scaling == RotaryScaling.Divisors)
            throw new NotBuiltException("a model whose rotary divisors came as a tensor cannot be saved as a folder: config.json has no place for them");
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

        if (rotary.AttentionFactor is { } factor)
            json["attention_factor"] = factor;
        if (rotary.ShortFactors is { } shorts)
            json["short_factor"] = new JsonArray([.. shorts.Select(f => JsonValue.Create(f))]);
        if (rotary.LongFactors is { } longs)
            json["long_factor"] = new JsonArray([.. longs.Select(f => JsonValue.Create(f))]);
        return json;
    }
}
