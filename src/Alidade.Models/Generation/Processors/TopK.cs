namespace Alidade.Models.Generation.Processors;

/// <summary>Keeps the k largest scores and what ties with the k-th.</summary>
internal sealed class TopK(int k) : IScoreProcessor
{
    public void Apply(Span<float> scores, TokenHistory history)
    {
        if (k >= scores.Length)
            return;
        var kth = Selection.Largest(scores, k);
        foreach (ref var score in scores)
            if (score < kth)
                score = float.NegativeInfinity;
    }
}
