using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>OLMo 2: Llama whose norms stand after attention and MLP, with one norm over all queries and one over all keys.</summary>
internal sealed class Olmo2 : LlamaLike
{
    public override string ModelType => "olmo2";

    public override string ClassName => "Olmo2ForCausalLM";

    public override TensorNames Names { get; } = TensorNames.Llama with
    {
        Block = TensorNames.Llama.Block with
        {
            AttentionNorm = null,
            AttentionPostNorm = "model.layers.{0}.post_attention_layernorm",
            MlpNorm = null,
            MlpPostNorm = "model.layers.{0}.post_feedforward_layernorm",
            QueryNorm = "model.layers.{0}.self_attn.q_norm",
            KeyNorm = "model.layers.{0}.self_attn.k_norm",
        },
    };

    public override DecoderConfig Read(ConfigReader config)
    {
        var bias = config.Flag("attention_bias", false);
        return base.Read(config) with
        {
            BlockNorms = BlockNorms.AfterAttention | BlockNorms.AfterMlp,
            QueryKeyNorm = QueryKeyNorm.AllHeads,
            QueryKeyValueBias = bias,
            OutputBias = bias,
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        json["attention_bias"] = config.QueryKeyValueBias;
        return json;
    }
}
