namespace Alidade.Core.Statistics.Distributions;

/// <summary>
/// A probability distribution. Each tail is computed by itself, never as 1 − the other, so that both keep their digits: relative 1e-12 down to about 1e-290.
/// </summary>
public interface IDistribution
{
    /// <summary>P(X ≤ x).</summary>
    double Cdf(double x);

    /// <summary>P(X &gt; x).</summary>
    double UpperTail(double x);

    /// <summary>The density at x; of counts the probability of x.</summary>
    double Density(double x);

    /// <summary>The x with P(X ≤ x) = p; of counts the smallest x with P(X ≤ x) ≥ p.</summary>
    /// <param name="p">Between 0 and 1, neither of them.</param>
    /// <exception cref="ArgumentOutOfRangeException">p is not between 0 and 1.</exception>
    double Quantile(double p);
}

/// <summary>The checks of shares that quantiles and intervals have in common.</summary>
internal static class Share
{
    /// <exception cref="ArgumentOutOfRangeException">p is not between 0 and 1.</exception>
    public static void CheckProbability(double p)
    {
        if (!(p > 0 && p < 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, "a quantile is asked at a probability between 0 and 1");
    }

    /// <exception cref="ArgumentOutOfRangeException">The level is not between 0 and 1.</exception>
    public static void CheckLevel(double level)
    {
        if (!(level > 0 && level < 1))
            throw new ArgumentOutOfRangeException(nameof(level), level, "a confidence level lies between 0 and 1, such as 0.95");
    }
}
