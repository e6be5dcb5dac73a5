namespace Alidade.Models.Generation.Processors;

/// <summary>Forbids the end tokens until prompt and answer together, and the answer alone, are long enough.</summary>
/// <param name="length">Fewest tokens of prompt and answer.</param>
/// <param name="newTokens">Fewest tokens of the answer.</param>
/// <param name="endTokens">The end tokens.</param>
internal sealed class MinLength(int length, int newTokens, IReadOnlySet<int> endTokens) : IScoreProcessor
{
    public void Apply(Span<float> scores, TokenHistory history)
    {
        if (history.Tokens.Length >= length && history.Generated.Length >= newTokens)
            return;
        foreach (var token in endTokens)
            if (token < scores.Length)
                scores[token] = float.NegativeInfinity;
    }
}
