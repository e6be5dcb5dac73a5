namespace Alidade.Models.Generation.Processors;

/// <summary>
/// Locally typical sampling: tokens in the order of |−log p − entropy|, kept up to and including the one that reaches the probability, with what ties with it.
/// </summary>
/// <remarks>Meister et al. 2022 (arXiv 2202.00666), eq. 9.</remarks>
internal sealed class TypicalP(double p, int keep) : IScoreProcessor
{
    public void Apply(Span<float> scores, TokenHistory history)
    {
        if (p >= 1)
            return;
        var logSum = Softmax.LogSumExp(scores);
        var entropy = Softmax.Entropy(scores, logSum);
        var deviations = new double[scores.Length];
        var order = new int[scores.Length];
        for (var id = 0; id < scores.Length; id++)
            (deviations[id], order[id]) = (Math.Abs(logSum - scores[id] - entropy), id);
        var sorted = (double[])deviations.Clone();
        Array.Sort(sorted, order);
        var last = 0;
        for (var mass = Math.Exp(scores[order[0]] - logSum); mass < p && last < order.Length - 1;)
            mass += Math.Exp(scores[order[++last]] - logSum);
        last = Math.Max(last, Math.Min(keep, sorted.Length) - 1);
        for (var id = 0; id < scores.Length; id++)
            if (deviations[id] > sorted[last])
                scores[id] = float.NegativeInfinity;
    }
}
