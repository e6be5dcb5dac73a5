namespace Alidade.Models.Generation.Processors;

/// <summary>Adds a bias to the last token of a sequence where the history ends in the tokens before it; a sequence of one token is biased always.</summary>
internal sealed class SequenceBias(IReadOnlyList<TokenBias> biases) : IScoreProcessor
{
    public void Apply(Span<float> scores, TokenHistory history)
    {
        foreach (var (tokens, bias) in biases)
            if (EndsInStartOf(tokens, history))
                scores[tokens[^1]] += (float)bias;
    }

    /// <summary>True when the history ends in all tokens but the last.</summary>
    public static bool EndsInStartOf(IReadOnlyList<int> tokens, TokenHistory history)
    {
        var before = tokens.Count - 1;
        if (before > history.Tokens.Length)
            return false;
        var tail = history.Tokens[^before..];
        for (var i = 0; i < before; i++)
            if (tail[i] != tokens[i])
                return false;
        return true;
    }
}
