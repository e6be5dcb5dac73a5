using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>OLMo 1: Llama with LayerNorms that learn nothing, and a bound on queries, keys and values.</summary>
internal sealed class Olmo : LlamaLike
{
    public override string ModelType => "olmo";

    public override string ClassName => "OlmoForCausalLM";

    public override DecoderConfig Read(ConfigReader config)
    {
        var bias = config.Flag("attention_bias", false);
        return base.Read(config) with
        {
            Norm = NormKind.Layer,
            NormEpsilon = 1e-5,
            NormWeights = NormWeights.None,
            QueryKeyValueClip = config.Number("clip_qkv"),
            QueryKeyValueBias = bias,
            OutputBias = bias,
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        (json["clip_qkv"], json["attention_bias"]) = (config.QueryKeyValueClip, config.QueryKeyValueBias);
        json.Remove(EpsilonKey);
        return json;
    }
}
