namespace Alidade.Models.Generation.Processors;

/// <summary>Forbids token sequences: the last token of one may not follow the tokens before it. A word that is nothing but an end token is ignored, as in transformers.</summary>
internal sealed class BadWords(IReadOnlyList<IReadOnlyList<int>> words, IReadOnlySet<int> endTokens) : IScoreProcessor
{
    public void Apply(Span<float> scores, TokenHistory history)
    {
        foreach (var word in words)
            if (!(word.Count == 1 && endTokens.Contains(word[0])) && SequenceBias.EndsInStartOf(word, history))
                scores[word[^1]] = float.NegativeInfinity;
    }
}
