using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Llama 1 to 3 and what shares their shape (SmolLM, TinyLlama).</summary>
internal sealed class Llama : LlamaLike
{
    public override string ModelType => "llama";

    public override string ClassName => "LlamaForCausalLM";

    public override string GgufArchitecture => "llama";

    public override bool GgufPermutesQueryKey => true;

    public override DecoderConfig Read(ConfigReader config)
    {
        var bias = config.Flag("attention_bias", false);
        return base.Read(config) with { QueryKeyValueBias = bias, OutputBias = bias, MlpBias = config.Flag("mlp_bias", false) };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        (json["attention_bias"], json["mlp_bias"]) = (config.QueryKeyValueBias, config.MlpBias);
        return json;
    }
}
