namespace Alidade.Core.Statistics;

/// <summary>How a quantile of a sample is read; the number is that of Hyndman and Fan 1996. With h the place in the sorted sample, counted from 0.</summary>
public enum QuantileRule
{
    /// <summary>Type 7, the default of Alidade, numpy and R: h = (n − 1)·p, between values in a straight line.</summary>
    Linear,

    /// <summary>Type 1: the least value that at least a share p does not exceed.</summary>
    InvertedCdf,

    /// <summary>Type 2: type 1, but the mean of two values where a share of exactly p lies below.</summary>
    AveragedInvertedCdf,

    /// <summary>Type 5 (Hazen): h = n·p − ½.</summary>
    Hazen,

    /// <summary>Type 6 (Weibull): h = (n + 1)·p − 1.</summary>
    Weibull,

    /// <summary>Type 8, median-unbiased: h = (n + ⅓)·p − ⅔.</summary>
    MedianUnbiased,

    /// <summary>Type 9, unbiased for normal samples: h = (n + ¼)·p − ⅝.</summary>
    NormalUnbiased,

    /// <summary>The value below (n − 1)·p.</summary>
    Lower,

    /// <summary>The value above (n − 1)·p.</summary>
    Higher,

    /// <summary>The value nearest to (n − 1)·p; of two as near the one with the even place.</summary>
    Nearest,

    /// <summary>The mean of the values below and above (n − 1)·p.</summary>
    Midpoint,
}

/// <summary>
/// Quantiles of a sample. The default everywhere is type 7: at h = (n − 1)·p, x₍⌊h⌋₎ + (h − ⌊h⌋)·(x₍⌊h⌋₊₁₎ − x₍⌊h⌋₎) of the sorted sample.
/// </summary>
/// <remarks>Hyndman and Fan 1996; numpy's <c>quantile(method)</c>.</remarks>
public static class Quantile
{
    /// <summary>The quantile of a sample in any order.</summary>
    /// <exception cref="ArgumentException">The sample is empty.</exception>
    public static double Of(IEnumerable<double> values, double p, QuantileRule rule = QuantileRule.Linear)
    {
        var sorted = values.ToArray();
        Array.Sort(sorted);
        return OfSorted(sorted, p, rule);
    }

    /// <summary>The quantile of an ascending sample.</summary>
    /// <exception cref="ArgumentException">The sample is empty.</exception>
    public static double OfSorted(ReadOnlySpan<double> sorted, double p, QuantileRule rule = QuantileRule.Linear)
    {
        if (sorted.IsEmpty)
            throw new ArgumentException("a quantile needs at least one value", nameof(sorted));
        if (!(p >= 0 && p <= 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, "a quantile is asked at a share from 0 to 1");
        var h = Place(sorted.Length, p, rule);
        var low = Math.Clamp((int)Math.Floor(h), 0, sorted.Length - 1);
        var high = Math.Clamp((int)Math.Floor(h) + 1, 0, sorted.Length - 1);
        return sorted[low] + ((h - Math.Floor(h)) * (sorted[high] - sorted[low]));
    }

    private static double Place(double n, double p, QuantileRule rule)
    {
        var linear = (n - 1) * p;
        return rule switch
        {
            QuantileRule.Linear => linear,
            QuantileRule.InvertedCdf => Math.Ceiling((n * p) - 1),
            QuantileRule.AveragedInvertedCdf => ((n * p) - 1) is var h && h == Math.Floor(h) ? h + 0.5 : Math.Ceiling(h),
            QuantileRule.Hazen => Weighted(n, p, 0.5),
            QuantileRule.Weibull => Weighted(n, p, 0),
            QuantileRule.MedianUnbiased => Weighted(n, p, 1.0 / 3),
            QuantileRule.NormalUnbiased => Weighted(n, p, 3.0 / 8),
            QuantileRule.Lower => Math.Floor(linear),
            QuantileRule.Higher => Math.Ceiling(linear),
            QuantileRule.Nearest => Math.Round(linear, MidpointRounding.ToEven),
            QuantileRule.Midpoint => (Math.Floor(linear) + Math.Ceiling(linear)) / 2,
            _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "no such rule"),
        };
    }

    private static double Weighted(double n, double p, double alpha) => (n * p) + (alpha + (p * (1 - (2 * alpha)))) - 1;
}
