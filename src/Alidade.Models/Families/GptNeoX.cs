using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>GPT-NeoX and Pythia: LayerNorm, partial rotary positions, query, key and value fused head by head, attention and MLP mostly in parallel on two norms.</summary>
internal sealed class GptNeoX : LlamaLike
{
    public override string ModelType => "gpt_neox";

    public override string ClassName => "GPTNeoXForCausalLM";

    public override TensorNames Names { get; } = new()
    {
        Embedding = "gpt_neox.embed_in",
        Block = new()
        {
            AttentionNorm = "gpt_neox.layers.{0}.input_layernorm",
            QueryKeyValue = "gpt_neox.layers.{0}.attention.query_key_value",
            Output = "gpt_neox.layers.{0}.attention.dense",
            MlpNorm = "gpt_neox.layers.{0}.post_attention_layernorm",
            Up = "gpt_neox.layers.{0}.mlp.dense_h_to_4h",
            Down = "gpt_neox.layers.{0}.mlp.dense_4h_to_h",
        },
        FinalNorm = "gpt_neox.final_layer_norm",
        Head = "embed_out",
        Ignored = [".attention.bias", ".attention.masked_bias", ".attention.rotary_emb.inv_freq"],
    };

    protected override string EpsilonKey => "layer_norm_eps";

    protected override double RotaryShareByDefault => 0.25;

    public override DecoderConfig Read(ConfigReader config)
    {
        var bias = config.Flag("attention_bias", true);
        return base.Read(config) with
        {
            Norm = NormKind.Layer,
            NormEpsilon = config.Number(EpsilonKey) ?? 1e-5,
            ParallelResidual = config.Flag("use_parallel_residual", true),
            Activation = Activations.Parse(config.Text("hidden_act") ?? "gelu", config.Where),
            GatedMlp = false,
            QueryKeyValueLayout = FusedLayout.ByKeyHead,
            QueryKeyValueBias = bias,
            OutputBias = bias,
            MlpBias = true,
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        (json["use_parallel_residual"], json["attention_bias"]) = (config.ParallelResidual, config.QueryKeyValueBias);
        // Its readers know the rotary keys under these names.
        json["rotary_emb_base"] = config.Rotary!.Theta;
        json["rotary_pct"] = RotaryReader.Share(config);
        return json;
    }
}
