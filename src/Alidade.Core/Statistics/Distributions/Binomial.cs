namespace Alidade.Core.Statistics.Distributions;

/// <summary>The number of successes in n draws: P(K ≤ k) = I(1 − p; n − k, k + 1).</summary>
/// <param name="Count">n ≥ 0.</param>
/// <param name="Probability">p of each draw, 0 … 1.</param>
public readonly record struct Binomial(int Count, double Probability) : IDistribution
{
    /// <summary>P(K ≤ k); a fraction counts as the whole number below it.</summary>
    public double Cdf(double x) => Tails(x).Lower;

    /// <summary>P(K &gt; k); a fraction counts as the whole number below it.</summary>
    public double UpperTail(double x) => Tails(x).Upper;

    /// <summary>P(K = k); 0 for a fraction.</summary>
    public double Density(double x)
    {
        double n = Count, p = Probability, q = 1 - p;
        if (!(x >= 0 && x <= n) || x != Math.Floor(x))
            return 0;
        if (x == 0)
            return n == 0 ? 1 : Math.Exp(n * SaddlePoint.Log1P(-p));
        if (x.Equals(n))
            return Math.Exp(n * Math.Log(p));
        // Γ(n + 1)/(Γ(k + 1)Γ(n − k + 1)) = 1/B(k, n − k) · n/(k(n − k)).
        return SaddlePoint.BetaKernel(x, n - x, p, q) * (n / x / (n - x));
    }

    /// <inheritdoc/>
    public double Quantile(double p)
    {
        Share.CheckProbability(p);
        int below = -1, above = Count;
        while (above - below > 1)
        {
            var middle = below + ((above - below) / 2);
            if (Cdf(middle) >= p)
                above = middle;
            else
                below = middle;
        }

        return above;
    }

    private (double Lower, double Upper) Tails(double x)
    {
        var k = Math.Floor(x);
        if (k < 0)
            return (0, 1);
        if (k >= Count)
            return (1, 0);
        var (lower, upper) = IncompleteBeta.Of(k + 1, Count - k, Probability, 1 - Probability);
        return (upper, lower);
    }
}
