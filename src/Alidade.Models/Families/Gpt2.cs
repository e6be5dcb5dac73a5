using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>GPT-2: LayerNorm, learned positions, one fused projection for query, key and value, tied head, weights stored as [in, out].</summary>
internal sealed class Gpt2 : GptLike
{
    public override string ModelType => "gpt2";

    public override string ClassName => "GPT2LMHeadModel";

    public override string GgufArchitecture => "gpt2";

    public override bool InputMajor => true;

    public override TensorNames Names { get; } = new()
    {
        OptionalPrefix = "transformer.",
        Embedding = "wte",
        Positions = "wpe",
        Block = new()
        {
            AttentionNorm = "h.{0}.ln_1",
            QueryKeyValue = "h.{0}.attn.c_attn",
            Output = "h.{0}.attn.c_proj",
            MlpNorm = "h.{0}.ln_2",
            Up = "h.{0}.mlp.c_fc",
            Down = "h.{0}.mlp.c_proj",
        },
        FinalNorm = "ln_f",
        Head = "lm_head",
        Ignored = [".attn.bias", ".attn.masked_bias"],
    };

    public override DecoderConfig Read(ConfigReader config)
    {
        if (config.Flag("scale_attn_by_inverse_layer_idx", false) || !config.Flag("scale_attn_weights", true))
            throw new NotBuiltException($"{config.Where}: attention scores scaled by layer or not at all are not supported");
        var read = Read(config, config.Size("n_embd"), config.Size("n_layer"), config.Size("n_head"), config.Size("n_positions"));
        return read with
        {
            MlpWidth = config.OptionalSize("n_inner") ?? read.MlpWidth,
            QueryKeyValueBias = true,
            OutputBias = true,
            MlpBias = true,
        };
    }

    public override DecoderConfig ReadGguf(GgufConfigReader metadata) =>
        base.ReadGguf(metadata) with { Rotary = null, Activation = Activation.GeluTanh, GatedMlp = false };

    public override JsonObject Write(DecoderConfig config)
    {
        var json = WriteCommon(config);
        json["n_embd"] = config.Width;
        json["n_layer"] = config.Layers;
        json["n_head"] = config.Heads;
        json["n_inner"] = config.MlpWidth;
        json["n_positions"] = config.ContextLength;
        json["layer_norm_epsilon"] = config.NormEpsilon;
        json["activation_function"] = Activations.Name(config.Activation);
        return json;
    }
}
