using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Families;

namespace Alidade.Models.Encoders.Families;

/// <summary>DeBERTa-v2 and -v3 (He et al. 2021): attention that takes content and relative position apart.</summary>
internal sealed class DebertaV2 : EncoderFamily
{
    public override IReadOnlyList<string> ModelTypes => ["deberta-v2"];

    public override EncoderNames Names { get; } = new()
    {
        OptionalPrefix = "deberta.",
        Embedding = "embeddings.word_embeddings",
        Positions = "embeddings.position_embeddings",
        TokenTypes = "embeddings.token_type_embeddings",
        EmbeddingProjection = "embeddings.embed_proj",
        EmbeddingNorm = "embeddings.LayerNorm",
        RelativePositions = "encoder.rel_embeddings",
        RelativeNorm = "encoder.LayerNorm",
        Convolution = "encoder.conv.conv",
        ConvolutionNorm = "encoder.conv.LayerNorm",
        Block = Bert.Blocks with
        {
            Query = "encoder.layer.{0}.attention.self.query_proj",
            Key = "encoder.layer.{0}.attention.self.key_proj",
            Value = "encoder.layer.{0}.attention.self.value_proj",
            PositionKey = "encoder.layer.{0}.attention.self.pos_key_proj",
            PositionQuery = "encoder.layer.{0}.attention.self.pos_query_proj",
        },
        MaskedHeads =
        [
            new("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.decoder", "cls.predictions.bias"),
            new("lm_predictions.lm_head.dense", "lm_predictions.lm_head.LayerNorm", "lm_predictions.lm_head.decoder", "lm_predictions.lm_head.bias"),
        ],
        Classifier = new("pooler.dense", "classifier"),
        Heads = ["cls.", "lm_predictions.", "mask_predictions.", "pooler.", "classifier.", "qa_outputs."],
    };

    public override EncoderConfig Read(ConfigReader config)
    {
        var (width, heads, context) = (config.Size("hidden_size"), config.Size("num_attention_heads"), config.Size("max_position_embeddings"));
        return WithCommon(new()
        {
            Family = "deberta-v2",
            VocabularySize = config.Size("vocab_size"),
            Width = width,
            EmbeddingWidth = config.OptionalSize("embedding_size") ?? width,
            Layers = config.Size("num_hidden_layers"),
            Heads = heads,
            HeadDim = config.OptionalSize("attention_head_size") ?? HeadDim(width, heads, config.Where),
            MlpWidth = config.Size("intermediate_size"),
            ContextLength = context,
            NormEpsilon = config.Number("layer_norm_eps") ?? 1e-7,
            Activation = Activations.Parse(config.Text("hidden_act") ?? "gelu", config.Where),
            Positions = config.Flag("position_biased_input", true) ? context : 0,
            TokenTypes = config.Number("type_vocab_size") is > 0 ? config.Size("type_vocab_size") : 0,
            Disentangled = config.Flag("relative_attention", false) ? Disentangled(config, context) : null,
            Convolution = config.Number("conv_kernel_size") is > 0 ? Convolution(config) : null,
            ClassifierActivation = Activations.Parse(config.Text("pooler_hidden_act") ?? "gelu", config.Where),
        }, config);
    }

    private static DisentangledConfig Disentangled(ConfigReader config, int context)
    {
        var kinds = config.Texts("pos_att_type").SelectMany(t => t.Split('|')).Select(t => t.Trim().ToUpperInvariant()).Where(t => t.Length > 0).ToList();
        if (kinds.Find(k => k is not ("C2P" or "P2C")) is { } unknown)
            throw new NotBuiltException($"{config.Where}: 'pos_att_type' holds \"{unknown}\"; only c2p and p2c are supported");
        var maxDistance = config.Number("max_relative_positions") is >= 1 and var given ? (int)given : context;
        var buckets = config.Number("position_buckets") is > 0 ? config.Size("position_buckets") : 0;
        // The logarithm's base is (distance − 1) / (buckets / 2); it must be above 1.
        if (maxDistance > 1 << 20 || buckets is 1 or > 1 << 20 || (buckets > 0 && maxDistance - 1 <= buckets / 2))
            throw new AlidadeException($"{config.Where}: {buckets} position buckets do not fit distances up to {maxDistance}");
        return new()
        {
            Buckets = buckets,
            MaxDistance = maxDistance,
            ContentToPosition = kinds.Contains("C2P"),
            PositionToContent = kinds.Contains("P2C"),
            SharesProjections = config.Flag("share_att_key", false),
            NormalizesPositions = (config.Text("norm_rel_ebd") ?? "none").Contains("layer_norm", StringComparison.OrdinalIgnoreCase),
        };
    }

    private static ConvolutionConfig Convolution(ConfigReader config)
    {
        var kernel = config.Size("conv_kernel_size");
        if (kernel % 2 == 0)
            throw new NotBuiltException($"{config.Where}: 'conv_kernel_size' is {kernel}; a convolution that keeps the length has an odd one");
        if (config.OptionalSize("conv_groups") is { } groups and not 1)
            throw new NotBuiltException($"{config.Where}: 'conv_groups' is {groups}; only a convolution over all channels is supported");
        return new(kernel, Activations.Parse(config.Text("conv_act") ?? "tanh", config.Where));
    }
}
