using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Cohere Command R: attention and MLP in parallel on one LayerNorm without shift, neighbouring rotary pairs, a factor on the logits; in the large form a norm of each head's query and key.</summary>
internal sealed class Cohere : LlamaLike
{
    public override string ModelType => "cohere";

    public override string ClassName => "CohereForCausalLM";

    public override TensorNames Names { get; } = TensorNames.Llama with
    {
        Block = TensorNames.Llama.Block with { QueryNorm = "model.layers.{0}.self_attn.q_norm", KeyNorm = "model.layers.{0}.self_attn.k_norm" },
    };

    protected override bool TiedByDefault => true;

    protected override string EpsilonKey => "layer_norm_eps";

    public override DecoderConfig Read(ConfigReader config)
    {
        var bias = config.Flag("attention_bias", false);
        var read = base.Read(config);
        return read with
        {
            Norm = NormKind.Layer,
            NormEpsilon = config.Number(EpsilonKey) ?? 1e-5,
            NormWeights = NormWeights.Gain,
            BlockNorms = BlockNorms.BeforeAttention,
            ParallelResidual = true,
            QueryKeyNorm = config.Flag("use_qk_norm", false) ? QueryKeyNorm.PerHeadOwnGain : QueryKeyNorm.None,
            Rotary = read.Rotary! with { Pairs = RotaryPairs.Neighbours },
            LogitScale = config.Number("logit_scale") ?? 0.0625,
            QueryKeyValueBias = bias,
            OutputBias = bias,
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        (json["logit_scale"], json["attention_bias"]) = (config.LogitScale, config.QueryKeyValueBias);
        json["use_qk_norm"] = config.QueryKeyNorm != QueryKeyNorm.None;
        return json;
    }
}
