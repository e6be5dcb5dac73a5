namespace Alidade.Models.Generation.Processors;

/// <summary>OpenAI's penalties: score −= frequency · count + presence · [count > 0], counted over generated tokens only.</summary>
internal sealed class CountPenalty(double frequency, double presence) : IScoreProcessor
{
    public void Apply(Span<float> scores, TokenHistory history)
    {
        var counts = new Dictionary<int, int>();
        foreach (var token in history.Generated)
            counts[token] = counts.GetValueOrDefault(token) + 1;
        foreach (var (token, count) in counts)
            scores[token] -= (float)((frequency * count) + presence);
    }
}
