namespace Alidade.Core.Statistics;

/// <summary>Unbiased estimates of what the best of a few samples is worth, from more samples than that.</summary>
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
        Check(scores.Count, n);
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

    /// <summary>pass@k = 1 − C(N − c, k)/C(N, k): how likely at least one of k samples is right.</summary>
    /// <param name="samples">N.</param>
    /// <param name="correct">c of them right.</param>
    /// <param name="k">From 1 to N.</param>
    /// <exception cref="AlidadeException">There are fewer than k samples, or not that many can be right.</exception>
    /// <remarks>Chen et al. 2021 (arXiv 2107.03374), eq. 1.</remarks>
    public static double PassAt(int samples, int correct, int k)
    {
        Check(samples, k);
        if (correct < 0 || correct > samples)
            throw new AlidadeException($"{correct} of {samples} samples cannot be right");
        var allWrong = 1.0;
        for (var i = 0; i < k; i++)
            allWrong *= Math.Max(0, samples - correct - i) / (double)(samples - i);
        return 1 - allWrong;
    }

    private static void Check(int samples, int n)
    {
        if (n < 1 || n > samples)
            throw new AlidadeException($"the best of {n} cannot be estimated from {samples} samples; take 1 to {samples}");
    }
}
