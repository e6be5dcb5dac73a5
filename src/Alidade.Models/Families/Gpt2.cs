using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>GPT-2: LayerNorm, learned positions, one fused projection for query, key and value, tied head, weights stored as [in, out].</summary>
internal sealed class Gpt2 : ModelFamily
{
    public override string ModelType => "gpt2";

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

    public override TensorNames GgufNames { get; } = new()
    {
        Embedding = "token_embd",
        Positions = "position_embd",
        Block = new()
        {
            AttentionNorm = "blk.{0}.attn_norm",
            QueryKeyValue = "blk.{0}.attn_qkv",
            Output = "blk.{0}.attn_output",
            MlpNorm = "blk.{0}.ffn_norm",
            Up = "blk.{0}.ffn_up",
            Down = "blk.{0}.ffn_down",
        },
        FinalNorm = "output_norm",
        Head = "output",
    };

    public override DecoderConfig Read(ConfigReader config)
    {
        if (config.Flag("scale_attn_by_inverse_layer_idx", false) || !config.Flag("scale_attn_weights", true))
            throw new NotBuiltException($"{config.Where}: attention scores scaled by layer or not at all are not supported");
        var heads = config.Size("n_head");
        var width = config.Size("n_embd");
        return new()
        {
            Family = ModelType,
            VocabularySize = config.Size("vocab_size"),
            Width = width,
            Layers = config.Size("n_layer"),
            Heads = heads,
            KeyValueHeads = heads,
            HeadDim = width / heads,
            MlpWidth = config.OptionalSize("n_inner") ?? 4 * width,
            ContextLength = config.Size("n_positions"),
            Norm = NormKind.Layer,
            NormEpsilon = config.Number("layer_norm_epsilon") ?? 1e-5,
            Activation = Activations.Parse(config.Text("activation_function") ?? "gelu_new", config.Where),
            GatedMlp = false,
            TiedHead = config.Flag("tie_word_embeddings", true),
            AttentionBias = true,
            MlpBias = true,
            BeginningOfText = config.TokenIds("bos_token_id") is [var bos, ..] ? bos : null,
            EndOfText = config.TokenIds("eos_token_id"),
        };
    }

    public override DecoderConfig ReadGguf(GgufConfigReader metadata)
    {
        var heads = metadata.Size("attention.head_count");
        var width = metadata.Size("embedding_length");
        return new()
        {
            Family = ModelType,
            VocabularySize = metadata.VocabularySize ?? throw new AlidadeException($"{metadata.Where}: no vocabulary"),
            Width = width,
            Layers = metadata.Size("block_count"),
            Heads = heads,
            KeyValueHeads = heads,
            HeadDim = width / heads,
            MlpWidth = metadata.Size("feed_forward_length"),
            ContextLength = metadata.Size("context_length"),
            Norm = NormKind.Layer,
            NormEpsilon = metadata.Number("attention.layer_norm_epsilon") ?? 1e-5,
            Activation = Activation.GeluTanh,
            GatedMlp = false,
            TiedHead = true,
            AttentionBias = true,
            MlpBias = true,
            BeginningOfText = metadata.TokenId("bos_token_id"),
            EndOfText = metadata.TokenId("eos_token_id") is { } end ? [end] : [],
        };
    }

    public override JsonObject Write(DecoderConfig config) => new()
    {
        ["architectures"] = new JsonArray("GPT2LMHeadModel"),
        ["model_type"] = ModelType,
        ["vocab_size"] = config.VocabularySize,
        ["n_embd"] = config.Width,
        ["n_layer"] = config.Layers,
        ["n_head"] = config.Heads,
        ["n_inner"] = config.MlpWidth,
        ["n_positions"] = config.ContextLength,
        ["layer_norm_epsilon"] = config.NormEpsilon,
        ["activation_function"] = Activations.Name(config.Activation),
        ["tie_word_embeddings"] = config.TiedHead,
        ["bos_token_id"] = config.BeginningOfText,
        ["eos_token_id"] = config.EndOfText.Count == 1 ? config.EndOfText[0] : new JsonArray([.. config.EndOfText.Select(id => JsonValue.Create(id))]),
        ["torch_dtype"] = "float32",
    };
}
