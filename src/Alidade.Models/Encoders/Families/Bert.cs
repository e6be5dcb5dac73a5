using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Families;

namespace Alidade.Models.Encoders.Families;

/// <summary>BERT (Devlin et al. 2019): learned positions, two token types, a tanh pooler on the first token.</summary>
internal sealed class Bert : EncoderFamily
{
    public override IReadOnlyList<string> ModelTypes => ["bert"];

    public override EncoderNames Names { get; } = new()
    {
        OptionalPrefix = "bert.",
        Embedding = "embeddings.word_embeddings",
        Positions = "embeddings.position_embeddings",
        TokenTypes = "embeddings.token_type_embeddings",
        EmbeddingNorm = "embeddings.LayerNorm",
        Block = Blocks,
        Pooler = "pooler.dense",
        MaskedHeads = [new("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.decoder", "cls.predictions.bias")],
        Classifier = new("{prefix}pooler.dense", "classifier"),
        Heads = ["cls.", "classifier.", "qa_outputs."],
    };

    /// <summary>The names of a block, which other families took over.</summary>
    internal static EncoderBlockNames Blocks { get; } = new()
    {
        Query = "encoder.layer.{0}.attention.self.query",
        Key = "encoder.layer.{0}.attention.self.key",
        Value = "encoder.layer.{0}.attention.self.value",
        Output = "encoder.layer.{0}.attention.output.dense",
        AttentionNorm = "encoder.layer.{0}.attention.output.LayerNorm",
        Up = "encoder.layer.{0}.intermediate.dense",
        Down = "encoder.layer.{0}.output.dense",
        MlpNorm = "encoder.layer.{0}.output.LayerNorm",
    };

    public override EncoderConfig Read(ConfigReader config) => ReadKeys(config, "bert", 1e-12);

    /// <summary>The keys of BERT's configuration, which other families took over.</summary>
    internal static EncoderConfig ReadKeys(ConfigReader config, string family, double epsilon)
    {
        if (config.Flag("is_decoder", false))
            throw new NotBuiltException($"{config.Where}: 'is_decoder' is true; a {family} that writes text is not supported");
        if (config.Text("position_embedding_type") is { } kind and not "absolute")
            throw new NotBuiltException($"{config.Where}: 'position_embedding_type' is \"{kind}\"; only absolute positions are supported");
        var (width, heads, positions) = (config.Size("hidden_size"), config.Size("num_attention_heads"), config.Size("max_position_embeddings"));
        return WithCommon(new()
        {
            Family = family,
            VocabularySize = config.Size("vocab_size"),
            Width = width,
            EmbeddingWidth = width,
            Layers = config.Size("num_hidden_layers"),
            Heads = heads,
            HeadDim = HeadDim(width, heads, config.Where),
            MlpWidth = config.Size("intermediate_size"),
            ContextLength = positions,
            NormEpsilon = config.Number("layer_norm_eps") ?? epsilon,
            Activation = Activations.Parse(config.Text("hidden_act") ?? "gelu", config.Where),
            Positions = positions,
            TokenTypes = config.OptionalSize("type_vocab_size") ?? 2,
        }, config);
    }
}
