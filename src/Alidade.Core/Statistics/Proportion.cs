using Alidade.Core.Results;
using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>
/// Intervals of a share, k of n. Use <see cref="Wilson"/>; <see cref="ClopperPearson"/> where the level must never be missed. The others are for comparison with
/// published numbers.
/// </summary>
/// <remarks>Compared by Brown, Cai and DasGupta 2001 (Statistical Science 16:101). k is 0 … n, n &gt; 0; anything else is an
/// <see cref="ArgumentOutOfRangeException"/>.</remarks>
public static class Proportion
{
    /// <summary>
    /// Wilson's score interval: (k + z²/2 ± z·√(k(n − k)/n + z²/4)) / (n + z²). It keeps its level for few items and for shares near 0 and 1, where
    /// <see cref="Wald"/> does not.
    /// </summary>
    /// <remarks>Wilson 1927, without continuity correction; recommended for n ≤ 40.</remarks>
    /// <param name="successes">k.</param>
    /// <param name="count">n.</param>
    /// <param name="level">Confidence level.</param>
    public static Interval Wilson(int successes, int count, double level = 0.95)
    {
        var (k, n, z) = Checked(successes, count, level);
        var centre = (k + (z * z / 2)) / (n + (z * z));
        var half = z * Math.Sqrt((k * (n - k) / n) + (z * z / 4)) / (n + (z * z));
        // The ends at k = 0 and k = n are exact; rounding must not move them.
        return new Interval(successes == 0 ? 0 : centre - half, successes == count ? 1 : centre + half, level, "Wilson");
    }

    /// <summary>Wilson's interval with continuity correction: wider, close to <see cref="ClopperPearson"/>.</summary>
    /// <remarks>Newcombe 1998 (Statistics in Medicine 17:857), method 4.</remarks>
    /// <param name="successes">k.</param>
    /// <param name="count">n.</param>
    /// <param name="level">Confidence level.</param>
    public static Interval WilsonCorrected(int successes, int count, double level = 0.95)
    {
        var (k, n, z) = Checked(successes, count, level);
        double p = k / n, q = 1 - p, centre = (2 * k) + (z * z), scale = 2 * (n + (z * z));
        var below = 1 + (z * Math.Sqrt((z * z) - 2 - (1 / n) + (4 * p * ((n * q) + 1))));
        var above = 1 + (z * Math.Sqrt((z * z) + 2 - (1 / n) + (4 * p * ((n * q) - 1))));
        return new Interval(successes == 0 ? 0 : (centre - below) / scale, successes == count ? 1 : (centre + above) / scale, level, "Wilson with continuity correction");
    }

    /// <summary>The exact interval: shares that a one-sided binomial test at (1 − level)/2 does not reject. Never below its level, mostly well above.</summary>
    /// <remarks>Clopper and Pearson 1934, by quantiles of the beta distribution.</remarks>
    /// <param name="successes">k.</param>
    /// <param name="count">n.</param>
    /// <param name="level">Confidence level.</param>
    public static Interval ClopperPearson(int successes, int count, double level = 0.95)
    {
        var (k, n, _) = Checked(successes, count, level);
        var tail = (1 - level) / 2;
        return new Interval(
            successes == 0 ? 0 : new Beta(k, n - k + 1).Quantile(tail),
            successes == count ? 1 : new Beta(k + 1, n - k).Quantile(1 - tail),
            level,
            "Clopper-Pearson");
    }

    /// <summary>The equal-tailed Bayes interval with Jeffreys' prior Beta(½, ½); its ends are 0 at k = 0 and 1 at k = n.</summary>
    /// <remarks>Brown, Cai and DasGupta 2001, section 4.3.</remarks>
    /// <param name="successes">k.</param>
    /// <param name="count">n.</param>
    /// <param name="level">Confidence level.</param>
    public static Interval Jeffreys(int successes, int count, double level = 0.95)
    {
        var interval = JeffreysUnmodified(successes, count, level);
        return interval with { Low = successes == 0 ? 0 : interval.Low, High = successes == count ? 1 : interval.High };
    }

    /// <summary><see cref="Jeffreys"/> without the two modified ends; it leaves out a share of 0 when k = 0.</summary>
    /// <param name="successes">k.</param>
    /// <param name="count">n.</param>
    /// <param name="level">Confidence level.</param>
    public static Interval JeffreysUnmodified(int successes, int count, double level = 0.95)
    {
        var (k, n, _) = Checked(successes, count, level);
        var posterior = new Beta(k + 0.5, n - k + 0.5);
        return new Interval(posterior.Quantile((1 - level) / 2), posterior.Quantile((1 + level) / 2), level, "Jeffreys");
    }

    /// <summary>p̃ ± z·√(p̃(1 − p̃)/ñ) with ñ = n + z² and p̃ = (k + z²/2)/ñ, cut at 0 and 1.</summary>
    /// <remarks>Agresti and Coull 1998.</remarks>
    /// <param name="successes">k.</param>
    /// <param name="count">n.</param>
    /// <param name="level">Confidence level.</param>
    public static Interval AgrestiCoull(int successes, int count, double level = 0.95) => Cut(AgrestiCoullUncut(successes, count, level));

    internal static Interval AgrestiCoullUncut(int successes, int count, double level)
    {
        var (k, n, z) = Checked(successes, count, level);
        var all = n + (z * z);
        var share = (k + (z * z / 2)) / all;
        var half = z * Math.Sqrt(share * (1 - share) / all);
        return new Interval(share - half, share + half, level, "Agresti-Coull");
    }

    /// <summary>p ± z·√(p(1 − p)/n), cut at 0 and 1. It misses its level badly for few items or a share near 0 or 1, where its width falls to 0.</summary>
    /// <param name="successes">k.</param>
    /// <param name="count">n.</param>
    /// <param name="level">Confidence level.</param>
    public static Interval Wald(int successes, int count, double level = 0.95)
    {
        var (k, n, z) = Checked(successes, count, level);
        var share = k / n;
        var half = z * Math.Sqrt(share * (1 - share) / n);
        return Cut(new Interval(share - half, share + half, level, "Wald"));
    }

    private static Interval Cut(Interval interval) => interval with { Low = Math.Max(0, interval.Low), High = Math.Min(1, interval.High) };

    private static (double K, double N, double Z) Checked(int successes, int count, double level)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, count);
        return (successes, count, Normal.TwoSided(level));
    }
}
