using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>StableLM 2 and 3B: Llama with LayerNorm and partial rotary positions; some with biases on query, key and value, some parallel on one norm with a norm of each head's query and key.</summary>
internal sealed class StableLm : LlamaLike
{
    public override string ModelType => "stablelm";

    public override string ClassName => "StableLmForCausalLM";

    public override string GgufArchitecture => "stablelm";

    public override TensorNames Names { get; } = TensorNames.Llama with
    {
        Block = TensorNames.Llama.Block with
        {
            QueryNorm = "model.layers.{0}.self_attn.q_layernorm.norms.{1}",
            KeyNorm = "model.layers.{0}.self_attn.k_layernorm.norms.{1}",
        },
    };

    protected override string EpsilonKey => "layer_norm_eps";

    protected override double RotaryShareByDefault => 0.25;

    public override DecoderConfig Read(ConfigReader config) => Shaped(base.Read(config) with
    {
        NormEpsilon = config.Number(EpsilonKey) ?? 1e-5,
        QueryKeyNorm = config.Flag("qk_layernorm", false) ? QueryKeyNorm.PerHeadOwnGain : QueryKeyNorm.None,
        QueryKeyValueBias = config.Flag("use_qkv_bias", false),
    }, config.Flag("use_parallel_residual", false));

    public override DecoderConfig ReadGguf(GgufConfigReader metadata) => Shaped(base.ReadGguf(metadata), metadata.Flag("use_parallel_residual", false));

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        (json["use_qkv_bias"], json["use_parallel_residual"]) = (config.QueryKeyValueBias, config.ParallelResidual);
        json["qk_layernorm"] = config.QueryKeyNorm != QueryKeyNorm.None;
        return json;
    }

    private static DecoderConfig Shaped(DecoderConfig config, bool parallel) => config with
    {
        Norm = NormKind.Layer,
        ParallelResidual = parallel,
        BlockNorms = parallel ? BlockNorms.BeforeAttention : BlockNorms.BeforeAttention | BlockNorms.BeforeMlp,
    };
}
