namespace Alidade.Models.Generation.Processors;

/// <summary>Forbids tokens: some always, some as the first token of the answer.</summary>
internal sealed class SuppressTokens(IReadOnlyList<int> always, IReadOnlyList<int> atBegin) : IScoreProcessor
{
    public void Apply(Span<float> scores, TokenHistory history)
    {
        foreach (var token in always)
            scores[token] = float.NegativeInfinity;
        if (history.Generated.Length == 0)
            foreach (var token in atBegin)
                scores[token] = float.NegativeInfinity;
    }
}
