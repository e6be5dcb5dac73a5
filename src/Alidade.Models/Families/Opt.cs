using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>OPT: LayerNorm, learned positions that start at row 2 of their table, ReLU, biases everywhere.</summary>
internal sealed class Opt : GptLike
{
    public override string ModelType => "opt";

    public override string ClassName => "OPTForCausalLM";

    public override TensorNames Names { get; } = new()
    {
        OptionalPrefix = "model.",
        Embedding = "decoder.embed_tokens",
        Positions = "decoder.embed_positions",
        Block = new()
        {
            AttentionNorm = "decoder.layers.{0}.self_attn_layer_norm",
            Query = "decoder.layers.{0}.self_attn.q_proj",
            Key = "decoder.layers.{0}.self_attn.k_proj",
            Value = "decoder.layers.{0}.self_attn.v_proj",
            Output = "decoder.layers.{0}.self_attn.out_proj",
            MlpNorm = "decoder.layers.{0}.final_layer_norm",
            Up = "decoder.layers.{0}.fc1",
            Down = "decoder.layers.{0}.fc2",
        },
        FinalNorm = "decoder.final_layer_norm",
        Head = "lm_head",
    };

    public override DecoderConfig Read(ConfigReader config)
    {
        var width = config.Size("hidden_size");
        if (!config.Flag("do_layer_norm_before", true) || config.Flag("_remove_final_layer_norm", false))
            throw new NotBuiltException($"{config.Where}: OPT models whose norms stand behind the residual sum (350M) are not supported");
        if ((config.OptionalSize("word_embed_proj_dim") ?? width) != width)
            throw new NotBuiltException($"{config.Where}: OPT models whose embeddings are projected to another width (350M) are not supported");
        var bias = config.Flag("enable_bias", true);
        return Read(config, width, config.Size("num_hidden_layers"), config.Size("num_attention_heads"), config.Size("max_position_embeddings")) with
        {
            MlpWidth = config.Size("ffn_dim"),
            PositionOffset = 2,
            NormWeights = config.Flag("layer_norm_elementwise_affine", true) ? NormWeights.All : NormWeights.None,
            Activation = Activations.Parse(config.Text("activation_function") ?? "relu", config.Where),
            QueryKeyValueBias = bias,
            OutputBias = bias,
            MlpBias = bias,
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = WriteCommon(config);
        json["hidden_size"] = config.Width;
        json["word_embed_proj_dim"] = config.Width;
        json["num_hidden_layers"] = config.Layers;
        json["num_attention_heads"] = config.Heads;
        json["ffn_dim"] = config.MlpWidth;
        json["max_position_embeddings"] = config.ContextLength;
        json["activation_function"] = Activations.Name(config.Activation);
        json["do_layer_norm_before"] = true;
        (json["enable_bias"], json["layer_norm_elementwise_affine"]) = (config.QueryKeyValueBias, config.NormWeights == NormWeights.All);
        return json;
    }
}
