using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Qwen 3: an RMSNorm on each head's query and key, no biases, windows as in Qwen 2.</summary>
internal sealed class Qwen3 : Qwen2
{
    public override string ModelType => "qwen3";

    public override string ClassName => "Qwen3ForCausalLM";

    public override string GgufArchitecture => "qwen3";

    public override TensorNames Names { get; } = TensorNames.Llama with
    {
        Block = TensorNames.Llama.Block with { QueryNorm = "model.layers.{0}.self_attn.q_norm", KeyNorm = "model.layers.{0}.self_attn.k_norm" },
    };

    public override DecoderConfig Read(ConfigReader config)
    {
        var bias = config.Flag("attention_bias", false);
        return base.Read(config) with { QueryKeyNorm = QueryKeyNorm.PerHead, QueryKeyValueBias = bias, OutputBias = bias };
    }

    public override DecoderConfig ReadGguf(GgufConfigReader metadata) => base.ReadGguf(metadata) with { QueryKeyNorm = QueryKeyNorm.PerHead };

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        json["attention_bias"] = config.QueryKeyValueBias;
        return json;
    }
}
