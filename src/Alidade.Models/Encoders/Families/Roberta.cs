using Alidade.Core;
using Alidade.Models.Families;

namespace Alidade.Models.Encoders.Families;

/// <summary>RoBERTa (Liu et al. 2019), and XLM-RoBERTa and CamemBERT, which differ in vocabulary alone: BERT whose first position is the one after the padding token's.</summary>
internal sealed class Roberta : EncoderFamily
{
    public override IReadOnlyList<string> ModelTypes => ["roberta", "xlm-roberta", "camembert"];

    public override EncoderNames Names { get; } = new()
    {
        OptionalPrefix = "roberta.",
        Embedding = "embeddings.word_embeddings",
        Positions = "embeddings.position_embeddings",
        TokenTypes = "embeddings.token_type_embeddings",
        EmbeddingNorm = "embeddings.LayerNorm",
        Block = Bert.Blocks,
        Pooler = "pooler.dense",
        MaskedHeads = [new("lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias")],
        Classifier = new("classifier.dense", "classifier.out_proj"),
        Heads = ["lm_head.", "classifier.", "qa_outputs."],
    };

    public override EncoderConfig Read(ConfigReader config)
    {
        var facts = Bert.ReadKeys(config, config.Text("model_type") ?? "roberta", 1e-5);
        var first = config.TokenIds("pad_token_id") is [var padding, ..] ? padding + 1 : 2;
        if (facts.Positions <= first)
            throw new AlidadeException($"{config.Where}: 'max_position_embeddings' is {facts.Positions}, of which {first} are not used; none is left for a token");
        return facts with { FirstPosition = first, ContextLength = facts.Positions - first };
    }
}
