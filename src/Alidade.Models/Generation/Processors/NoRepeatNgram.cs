namespace Alidade.Models.Generation.Processors;

/// <summary>Forbids every token that would complete an n-gram which already stands in prompt or answer; n = 1 forbids every token seen.</summary>
internal sealed class NoRepeatNgram(int n) : IScoreProcessor
{
    public void Apply(Span<float> scores, TokenHistory history)
    {
        var tokens = history.Tokens;
        if (tokens.Length < n)
            return;
        var tail = tokens[^(n - 1)..];
        for (var start = 0; start + n <= tokens.Length; start++)
            if (tokens.Slice(start, n - 1).SequenceEqual(tail))
                scores[tokens[start + n - 1]] = float.NegativeInfinity;
    }
}
