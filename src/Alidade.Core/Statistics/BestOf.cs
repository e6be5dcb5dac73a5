namespace Alidade.Core.Statistics;

/// <summary>An unbiased estimate of what the best of a few samples is worth, from more samples than that.</summary>
public static class BestOf
{
    /// <summary>
    /// E[max of n] from N ≥ n scores: Σ_i s_(i)·C(i, n − 1)/C(N, n) over the scores in rising order, i from 0: the mean over all choices of n of them.
    /// </summary>
    /// <param name="scores">Scores of N samples of one prompt, in any order.</param>
    /// <param name="n">From 1 to N.</param>
    /// <exception cref="AlidadeException">There are fewer than n scores.</exception>
    /// <remarks>Nakano et al. 2021 (WebGPT, arXiv 2112.09332), appendix I.</remarks>
    public static double ExpectedMaximum(IReadOnlyList<double> scores, int n)
    {
        if (n < 1 || n > scores.Count)
            throw new AlidadeException($"the best of {n} cannot be estimated from {scores.Count} samples; take 1 to {scores.Count}");
        var sum = new CompensatedSum();
        // The share of choices in which the score at place i is the largest: n/N at the top, then times (i − n + 1)/i for each place further down.
        var share = (double)n / scores.Count;
        double[] sorted = [.. scores.Order()];
        for (var i = sorted.Length - 1; i >= n - 1; i--)
        {
            sum.Add(share * sorted[i]);
            share *= i == 0 ? 0 : (i - n + 1.0) / i;
        }

        return sum.Total;
    }
}
