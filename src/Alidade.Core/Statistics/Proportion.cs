using Alidade.Core.Results;

namespace Alidade.Core.Statistics;

/// <summary>Intervals of shares.</summary>
public static class Proportion
{
    /// <summary>
    /// Wilson's score interval of k of n: (k + z²/2 ± z·√(k(n − k)/n + z²/4)) / (n + z²). It keeps its level for few items and for shares near 0 and 1, where
    /// the usual p ± z·√(p(1 − p)/n) does not.
    /// </summary>
    /// <remarks>Wilson 1927, without continuity correction; Brown, Cai and DasGupta 2001 recommend it for n ≤ 40.</remarks>
    /// <param name="successes">k, 0 … n.</param>
    /// <param name="count">n &gt; 0.</param>
    /// <param name="level">Confidence level.</param>
    public static Interval Wilson(int successes, int count, double level = 0.95)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, count);
        double k = successes, n = count;
        var z = Distributions.NormalTwoSided(level);
        var centre = (k + (z * z / 2)) / (n + (z * z));
        var half = z * Math.Sqrt((k * (n - k) / n) + (z * z / 4)) / (n + (z * z));
        // The ends at k = 0 and k = n are exact; rounding must not move them.
        return new Interval(successes == 0 ? 0 : centre - half, successes == count ? 1 : centre + half, level, "Wilson");
    }

    /// <summary>
    /// Newcombe's interval of a difference of two shares measured on the same items: Wilson's limits (l, u) of both shares, combined by squares with the
    /// correlation φ of the two answers: Δ − √((p₁ − l₁)² − 2φ(p₁ − l₁)(u₂ − p₂) + (u₂ − p₂)²), and likewise above.
    /// </summary>
    /// <remarks>Newcombe 1998 (Statistics in Medicine 17:2635), method 10: φ = c/√(products of the margins) with c = ad − bc, lessened by n/2 where it is
    /// larger than n/2, and 0 where 0 ≤ ad − bc ≤ n/2; φ = 0 when a margin is empty.</remarks>
    /// <param name="both">a: right both times.</param>
    /// <param name="onlyFirst">b: right the first time only.</param>
    /// <param name="onlySecond">c: right the second time only.</param>
    /// <param name="neither">d: wrong both times.</param>
    /// <param name="level">Confidence level.</param>
    /// <returns>The interval of first minus second.</returns>
    public static Interval PairedDifference(int both, int onlyFirst, int onlySecond, int neither, double level = 0.95)
    {
        double a = both, b = onlyFirst, c = onlySecond, d = neither;
        var n = both + onlyFirst + onlySecond + neither;
        double first = (a + b) / n, second = (a + c) / n;
        var firstLimits = Wilson(both + onlyFirst, n, level);
        var secondLimits = Wilson(both + onlySecond, n, level);
        var cross = (a * d) - (b * c);
        var corrected = cross > n / 2.0 ? cross - (n / 2.0) : Math.Min(cross, 0);
        var margins = (a + b) * (c + d) * (a + c) * (b + d);
        var phi = margins == 0 ? 0 : corrected / Math.Sqrt(margins);
        double Reach(double x, double y) => Math.Sqrt(Math.Max(0, (x * x) - (2 * phi * x * y) + (y * y)));
        var difference = first - second;
        return new Interval(
            difference - Reach(first - firstLimits.Low, secondLimits.High - second),
            difference + Reach(firstLimits.High - first, second - secondLimits.Low),
            level,
            "Newcombe paired (method 10)");
    }
}
