namespace Alidade.Models.Generation.Processors;

/// <summary>Divides the score of every token of prompt and answer by the penalty where it is positive, multiplies it where it is negative; once for each distinct token.</summary>
/// <remarks>Keskar et al. 2019 (arXiv 1909.05858), §4.1, in the form of transformers, which keeps a penalised token from becoming likelier.</remarks>
internal sealed class RepetitionPenalty(double penalty) : IScoreProcessor
{
    public void Apply(Span<float> scores, TokenHistory history)
    {
        var seen = new HashSet<int>();
        foreach (var token in history.Tokens)
            if (seen.Add(token))
                scores[token] = (float)(scores[token] < 0 ? scores[token] * penalty : scores[token] / penalty);
    }
}
