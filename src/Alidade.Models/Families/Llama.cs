using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Llama 1 to 3 and what shares their shape (SmolLM, TinyLlama): RMSNorm, rotary positions, grouped keys, SiLU-gated MLP.</summary>
internal sealed class Llama : ModelFamily
{
    public override string ModelType => "llama";

    public override string GgufArchitecture => "llama";

    public override bool GgufPermutesQueryKey => true;

    public override TensorNames Names { get; } = new()
    {
        Embedding = "model.embed_tokens",
        Block = new()
        {
            AttentionNorm = "model.layers.{0}.input_layernorm",
            Query = "model.layers.{0}.self_attn.q_proj",
            Key = "model.layers.{0}.self_attn.k_proj",
            Value = "model.layers.{0}.self_attn.v_proj",
            Output = "model.layers.{0}.self_attn.o_proj",
            MlpNorm = "model.layers.{0}.post_attention_layernorm",
            Gate = "model.layers.{0}.mlp.gate_proj",
            Up = "model.layers.{0}.mlp.up_proj",
            Down = "model.layers.{0}.mlp.down_proj",
        },
        FinalNorm = "model.norm",
        Head = "lm_head",
        Ignored = ["rotary_emb.inv_freq"],
    };

    public override TensorNames GgufNames { get; } = new()
    {
        Embedding = "token_embd",
        Block = new()
        {
            AttentionNorm = "blk.{0}.attn_norm",
            Query = "blk.{0}.attn_q",
            Key = "blk.{0}.attn_k",
            Value = "blk.{0}.attn_v",
            Output = "blk.{0}.attn_output",
            MlpNorm = "blk.{0}.ffn_norm",
            Gate = "blk.{0}.ffn_gate",
            Up = "blk.{0}.ffn_up",
            Down = "blk.{0}.ffn_down",
        },
        FinalNorm = "output_norm",
        Head = "output",
        Ignored = ["rope_freqs.weight"],
    };

    public override DecoderConfig Read(ConfigReader config)
    {
        var heads = config.Size("num_attention_heads");
        var width = config.Size("hidden_size");
        var headDim = config.OptionalSize("head_dim") ?? width / heads;
        var context = config.OptionalSize("max_position_embeddings") ?? 2048;
        var rotary = RotaryReader.Read(config, headDim, context);
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
            // Dynamic scaling reaches past the positions that the file counts.
            ContextLength = rotary.Scaling == RotaryScaling.Dynamic ? (int)(context * rotary.Factor) : context,
            Norm = NormKind.Rms,
            NormEpsilon = config.Number("rms_norm_eps") ?? 1e-6,
            Activation = Activations.Parse(config.Text("hidden_act") ?? "silu", config.Where),
            GatedMlp = true,
            Rotary = rotary,
            TiedHead = config.Flag("tie_word_embeddings", false),
            AttentionBias = config.Flag("attention_bias", false),
            MlpBias = config.Flag("mlp_bias", false),
            BeginningOfText = config.TokenIds("bos_token_id") is [var bos, ..] ? bos : null,
            EndOfText = config.TokenIds("eos_token_id"),
        };
    }

    public override DecoderConfig ReadGguf(GgufConfigReader metadata)
    {
        var heads = metadata.Size("attention.head_count");
        var width = metadata.Size("embedding_length");
        var headDim = metadata.OptionalSize("attention.key_length") ?? width / heads;
        var context = metadata.Size("context_length");
        return new()
        {
            Family = ModelType,
            VocabularySize = metadata.OptionalSize("vocab_size") ?? metadata.VocabularySize ?? throw new AlidadeException($"{metadata.Where}: no vocabulary"),
            Width = width,
            Layers = metadata.Size("block_count"),
            Heads = heads,
            KeyValueHeads = metadata.OptionalSize("attention.head_count_kv") ?? heads,
            HeadDim = headDim,
            MlpWidth = metadata.Size("feed_forward_length"),
            ContextLength = context,
            Norm = NormKind.Rms,
            NormEpsilon = metadata.Number("attention.layer_norm_rms_epsilon") ?? 1e-5,
            Activation = Activation.Silu,
            GatedMlp = true,
            Rotary = RotaryReader.ReadGguf(metadata, metadata.OptionalSize("rope.dimension_count") ?? headDim, context),
            TiedHead = false,
            BeginningOfText = metadata.TokenId("bos_token_id"),
            EndOfText = metadata.TokenId("eos_token_id") is { } end ? [end] : [],
        };
    }

    public override JsonObject Write(DecoderConfig config) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = ModelType,
        ["vocab_size"] = config.VocabularySize,
        ["hidden_size"] = config.Width,
        ["num_hidden_layers"] = config.Layers,
        ["num_attention_heads"] = config.Heads,
        ["num_key_value_heads"] = config.KeyValueHeads,
        ["head_dim"] = config.HeadDim,
        ["intermediate_size"] = config.MlpWidth,
        ["max_position_embeddings"] = config.ContextLength,
        ["rms_norm_eps"] = config.NormEpsilon,
        ["hidden_act"] = Activations.Name(config.Activation),
        ["rope_theta"] = config.Rotary!.Theta,
        ["rope_scaling"] = RotaryReader.Write(config.Rotary),
        ["tie_word_embeddings"] = config.TiedHead,
        ["attention_bias"] = config.AttentionBias,
        ["mlp_bias"] = config.MlpBias,
        ["bos_token_id"] = config.BeginningOfText,
        ["eos_token_id"] = config.EndOfText.Count == 1 ? config.EndOfText[0] : new JsonArray([.. config.EndOfText.Select(id => JsonValue.Create(id))]),
        ["torch_dtype"] = "float32",
    };
}
