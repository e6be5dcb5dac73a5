using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>What the branch of Llama shares: RMSNorm, rotary positions, grouped keys, gated MLP, and the keys and names of Llama's files. A family says in what it differs.</summary>
internal abstract class LlamaLike : ModelFamily
{
    public override TensorNames Names => TensorNames.Llama;

    /// <summary>Whether the head is the embedding when the file does not say.</summary>
    protected virtual bool TiedByDefault => false;

    /// <summary>The key of the norms' ε.</summary>
    protected virtual string EpsilonKey => "rms_norm_eps";

    /// <summary>The key of the MLP's non-linearity.</summary>
    protected virtual string ActivationKey => "hidden_act";

    /// <summary>The share of a head's dimensions that is turned when the file does not say.</summary>
    protected virtual double RotaryShareByDefault => 1;

    public override DecoderConfig Read(ConfigReader config)
    {
        var heads = config.Size("num_attention_heads");
        var width = config.Size("hidden_size");
        var headDim = config.OptionalSize("head_dim") ?? width / heads;
        var context = config.OptionalSize("max_position_embeddings") ?? 2048;
        var rotary = RotaryReader.Read(config, headDim, context, RotaryShareByDefault);
        return new()
        {
            Family = ModelType,
            VocabularySize = config.Size("vocab_size"),
            Width = width,
            Layers = config.Size("num_hidden_layers"),
            Heads = heads,
            KeyValueHeads = config.OptionalSize("num_key_value_heads") ?? heads,
            HeadDim = headDim,
            MlpWidth = config.Size("intermediate_size"),
            ContextLength = rotary.ReachOf(context),
            Norm = NormKind.Rms,
            NormEpsilon = config.Number(EpsilonKey) ?? 1e-6,
            Activation = Activations.Parse(config.Text(ActivationKey) ?? "silu", config.Where),
            GatedMlp = true,
            Rotary = rotary,
            TiedHead = config.Flag("tie_word_embeddings", TiedByDefault),
            BeginningOfText = config.TokenIds("bos_token_id") is [var bos, ..] ? bos : null,
            EndOfText = config.TokenIds("eos_token_id"),
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = WriteCommon(config);
        json["hidden_size"] = config.Width;
        json["num_hidden_layers"] = config.Layers;
        json["num_attention_heads"] = config.Heads;
        json["num_key_value_heads"] = config.KeyValueHeads;
        json["head_dim"] = config.HeadDim;
        json["intermediate_size"] = config.MlpWidth;
        json[EpsilonKey] = config.NormEpsilon;
        json[ActivationKey] = Activations.Name(config.Activation);
        RotaryReader.Write(json, config, RotaryShareByDefault);
        return json;
    }
}
