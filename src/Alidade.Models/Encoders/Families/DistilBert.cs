using Alidade.Models.Architecture;
using Alidade.Models.Families;

namespace Alidade.Models.Encoders.Families;

/// <summary>DistilBERT (Sanh et al. 2019): BERT without token types and without a pooler.</summary>
internal sealed class DistilBert : EncoderFamily
{
    public override IReadOnlyList<string> ModelTypes => ["distilbert"];

    public override EncoderNames Names { get; } = new()
    {
        OptionalPrefix = "distilbert.",
        Embedding = "embeddings.word_embeddings",
        Positions = "embeddings.position_embeddings",
        EmbeddingNorm = "embeddings.LayerNorm",
        Block = new()
        {
            Query = "transformer.layer.{0}.attention.q_lin",
            Key = "transformer.layer.{0}.attention.k_lin",
            Value = "transformer.layer.{0}.attention.v_lin",
            Output = "transformer.layer.{0}.attention.out_lin",
            AttentionNorm = "transformer.layer.{0}.sa_layer_norm",
            Up = "transformer.layer.{0}.ffn.lin1",
            Down = "transformer.layer.{0}.ffn.lin2",
            MlpNorm = "transformer.layer.{0}.output_layer_norm",
        },
        MaskedHeads = [new("vocab_transform", "vocab_layer_norm", "vocab_projector", "vocab_projector.bias")],
        Classifier = new("pre_classifier", "classifier"),
        Heads = ["vocab_", "pre_classifier.", "classifier.", "qa_outputs."],
    };

    public override EncoderConfig Read(ConfigReader config)
    {
        var (width, heads, positions) = (config.Size("dim"), config.Size("n_heads"), config.Size("max_position_embeddings"));
        return WithCommon(new()
        {
            Family = "distilbert",
            VocabularySize = config.Size("vocab_size"),
            Width = width,
            EmbeddingWidth = width,
            Layers = config.Size("n_layers"),
            Heads = heads,
            HeadDim = HeadDim(width, heads, config.Where),
            MlpWidth = config.Size("hidden_dim"),
            ContextLength = positions,
            NormEpsilon = 1e-12,
            Activation = Activations.Parse(config.Text("activation") ?? "gelu", config.Where),
            Positions = positions,
            ClassifierActivation = Activation.Relu,
        }, config);
    }
}
