using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Falcon: rotary positions, query, key and value fused, attention and MLP mostly in parallel; one key head (7B), or several with two norms (40B, 180B).</summary>
internal sealed class Falcon : GptLike
{
    public override string ModelType => "falcon";

    public override string ClassName => "FalconForCausalLM";

    public override TensorNames Names { get; } = new()
    {
        OptionalPrefix = "transformer.",
        Embedding = "word_embeddings",
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
        Ignored = ["rotary_emb.inv_freq"],
    };

    public override DecoderConfig Read(ConfigReader config)
    {
        if (config.Flag("alibi", false))
            throw new NotBuiltException($"{config.Where}: 'alibi' is true; Falcon models without rotary positions are not supported");
        var grouped = config.Flag("new_decoder_architecture", false);
        if (grouped && (config.OptionalSize("num_ln_in_parallel_attn") ?? 2) == 2)
            throw new NotBuiltException($"{config.Where}: Falcon models with two norms in a block ('new_decoder_architecture') are not supported");
        var heads = config.OptionalSize("num_attention_heads") ?? config.Size("n_head");
        var width = config.Size("hidden_size");
        var context = config.OptionalSize("max_position_embeddings") ?? 2048;
        var parallel = grouped || config.Flag("parallel_attn", true);
        var bias = config.Flag("bias", false);
        var oneKey = !grouped && config.Flag("multi_query", true);
        return Read(config, width, config.OptionalSize("num_hidden_layers") ?? config.Size("n_layer"), heads, context) with
        {
            KeyValueHeads = oneKey ? 1 : grouped ? config.OptionalSize("num_kv_heads") ?? heads : heads,
            MlpWidth = config.OptionalSize("ffn_hidden_size") ?? 4 * width,
            BlockNorms = parallel ? BlockNorms.BeforeAttention : BlockNorms.BeforeAttention | BlockNorms.BeforeMlp,
            ParallelResidual = parallel,
            Activation = Activations.Parse(config.Text("activation") ?? "gelu", config.Where),
            Rotary = RotaryReader.Read(config, width / heads, context),
            QueryKeyValueLayout = oneKey ? FusedLayout.Blocks : FusedLayout.ByKeyHead,
            QueryKeyValueBias = bias,
            OutputBias = bias,
            MlpBias = bias,
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = WriteCommon(config);
        json["hidden_size"] = config.Width;
        json["num_hidden_layers"] = config.Layers;
        json["num_attention_heads"] = config.Heads;
        json["ffn_hidden_size"] = config.MlpWidth;
        json["layer_norm_epsilon"] = config.NormEpsilon;
        json["activation"] = Activations.Name(config.Activation);
        (json["bias"], json["alibi"]) = (config.QueryKeyValueBias, false);
        (json["parallel_attn"], json["multi_query"]) = (config.ParallelResidual, config.KeyValueHeads == 1);
        var grouped = config.KeyValueHeads > 1 && config.KeyValueHeads < config.Heads;
        (json["new_decoder_architecture"], json["num_kv_heads"]) = (grouped, config.KeyValueHeads);
        if (grouped)
            json["num_ln_in_parallel_attn"] = 1;
        RotaryReader.Write(json, config);
        return json;
    }
}
