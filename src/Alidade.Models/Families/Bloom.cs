using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>BLOOM: ALiBi in place of positions, a LayerNorm on the embeddings, query, key and value fused head by head.</summary>
internal sealed class Bloom : GptLike
{
    public override string ModelType => "bloom";

    public override string ClassName => "BloomForCausalLM";

    public override TensorNames Names { get; } = new()
    {
        OptionalPrefix = "transformer.",
        Embedding = "word_embeddings",
        EmbeddingNorm = "word_embeddings_layernorm",
        Block = new()
        {
            AttentionNorm = "h.{0}.input_layernorm",
            QueryKeyValue = "h.{0}.self_attention.query_key_value",
            Output = "h.{0}.self_attention.dense",
            MlpNorm = "h.{0}.post_attention_layernorm",
            Up = "h.{0}.mlp.dense_h_to_4h",
            Down = "h.{0}.mlp.dense_4h_to_h",
        },
        FinalNorm = "ln_f",
        Head = "lm_head",
    };

    public override DecoderConfig Read(ConfigReader config)
    {
        if (config.Flag("apply_residual_connection_post_layernorm", false))
            throw new NotBuiltException($"{config.Where}: 'apply_residual_connection_post_layernorm' is true; residual branches that start behind the norm are not supported");
        var heads = config.OptionalSize("n_head") ?? config.Size("num_attention_heads");
        var width = config.OptionalSize("hidden_size") ?? config.Size("n_embed");
        // ALiBi has no last position; this is the length that the released models were trained on.
        var context = config.OptionalSize("seq_length") ?? 2048;
        return Read(config, width, config.OptionalSize("n_layer") ?? config.Size("num_hidden_layers"), heads, context) with
        {
            Alibi = true,
            EmbeddingNorm = true,
            QueryKeyValueLayout = FusedLayout.ByKeyHead,
            QueryKeyValueBias = true,
            OutputBias = true,
            MlpBias = true,
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = WriteCommon(config);
        json["hidden_size"] = config.Width;
        json["n_layer"] = config.Layers;
        json["n_head"] = config.Heads;
        json["seq_length"] = config.ContextLength;
        json["layer_norm_epsilon"] = config.NormEpsilon;
        return json;
    }
}
