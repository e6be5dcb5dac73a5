namespace Alidade.Core.Statistics;

/// <summary>
/// The sample quantile of type 7, the default everywhere in Alidade: at h = (n − 1)·p, x₍⌊h⌋₎ + (h − ⌊h⌋)·(x₍⌊h⌋₊₁₎ − x₍⌊h⌋₎) of the sorted sample.
/// </summary>
/// <remarks>Hyndman and Fan 1996, definition 7; the default of numpy and R.</remarks>
public static class Quantile
{
    /// <summary>The quantile of a sample in any order.</summary>
    /// <exception cref="ArgumentException">The sample is empty.</exception>
    public static double Of(IEnumerable<double> values, double p)
    {
        var sorted = values.ToArray();
        Array.Sort(sorted);
        return OfSorted(sorted, p);
    }

    /// <summary>The quantile of an ascending sample.</summary>
    /// <exception cref="ArgumentException">The sample is empty.</exception>
    public static double OfSorted(ReadOnlySpan<double> sorted, double p)
    {
        if (sorted.IsEmpty)
            throw new ArgumentException("a quantile needs at least one value", nameof(sorted));
        if (!(p >= 0 && p <= 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, "a quantile is asked at a share from 0 to 1");
        var h = (sorted.Length - 1) * p;
        var low = (int)Math.Floor(h);
        return low + 1 >= sorted.Length ? sorted[^1] : sorted[low] + ((h - low) * (sorted[low + 1] - sorted[low]));
    }
}
