using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>GPT-J: attention and MLP in parallel on one LayerNorm, partial rotary positions in neighbouring pairs, a head with a bias.</summary>
internal sealed class Gptj : GptLike
{
    public override string ModelType => "gptj";

    public override string ClassName => "GPTJForCausalLM";

    public override TensorNames Names { get; } = new()
    {
        OptionalPrefix = "transformer.",
        Embedding = "wte",
        Block = new()
        {
            AttentionNorm = "h.{0}.ln_1",
            Query = "h.{0}.attn.q_proj",
            Key = "h.{0}.attn.k_proj",
            Value = "h.{0}.attn.v_proj",
            Output = "h.{0}.attn.out_proj",
            Up = "h.{0}.mlp.fc_in",
            Down = "h.{0}.mlp.fc_out",
        },
        FinalNorm = "ln_f",
        Head = "lm_head",
        Ignored = [".attn.bias", ".attn.masked_bias"],
    };

    protected override bool TiedByDefault => false;

    public override DecoderConfig Read(ConfigReader config)
    {
        var read = Read(config, config.Size("n_embd"), config.Size("n_layer"), config.Size("n_head"), config.Size("n_positions"));
        return read with
        {
            MlpWidth = config.OptionalSize("n_inner") ?? read.MlpWidth,
            BlockNorms = BlockNorms.BeforeAttention,
            ParallelResidual = true,
            Rotary = new() { Dimensions = config.OptionalSize("rotary_dim") ?? read.HeadDim, Pairs = RotaryPairs.Neighbours },
            HeadBias = true,
            MlpBias = true,
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = WriteCommon(config);
        json["n_embd"] = config.Width;
        json["n_layer"] = config.Layers;
        json["n_head"] = config.Heads;
        json["n_inner"] = config.MlpWidth;
        json["n_positions"] = config.ContextLength;
        json["rotary_dim"] = config.Rotary!.Dimensions;
        json["layer_norm_epsilon"] = config.NormEpsilon;
        json["activation_function"] = Activations.Name(config.Activation);
        return json;
    }
}
