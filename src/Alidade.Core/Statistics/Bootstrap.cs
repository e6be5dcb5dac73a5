using System.Globalization;
using Alidade.Core.Results;
using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>What resampling gave.</summary>
/// <param name="Statistic">The statistic of the sample itself.</param>
/// <param name="Replicates">The statistic of each resample, in the order of the draws.</param>
/// <param name="Draws">How the resamples were drawn, such as "10,000 resamples, seed 1".</param>
public sealed record BootstrapResult(double Statistic, IReadOnlyList<double> Replicates, string Draws)
{
    /// <summary>The sample standard deviation of the replicates.</summary>
    public double StandardError => Mean.SampleDeviation(Replicates);

    /// <summary>The percentile interval: the type-7 quantiles of the replicates at (1 − level)/2 and (1 + level)/2.</summary>
    /// <remarks>Efron and Tibshirani 1993, chapter 13.</remarks>
    public Interval Percentile(double level = 0.95)
    {
        Share.CheckLevel(level);
        var sorted = Replicates.ToArray();
        Array.Sort(sorted);
        return new Interval(Quantile.OfSorted(sorted, (1 - level) / 2), Quantile.OfSorted(sorted, 1 - ((1 - level) / 2)), level, $"percentile bootstrap, {Draws}");
    }

    /// <summary>The basic interval: 2·statistic minus the ends of the percentile interval, in turn.</summary>
    /// <remarks>Davison and Hinkley 1997, equation 5.6.</remarks>
    public Interval Basic(double level = 0.95)
    {
        var percentile = Percentile(level);
        return new Interval((2 * Statistic) - percentile.High, (2 * Statistic) - percentile.Low, level, $"basic bootstrap, {Draws}");
    }

    /// <summary>Two-sided p of the statistic being 0: 2·min(share of replicates ≤ 0, share ≥ 0), at most 1. It is 0 when none lies on the other side.</summary>
    public double TwoSidedP
    {
        get
        {
            double below = Replicates.Count(r => r <= 0), above = Replicates.Count(r => r >= 0);
            return Math.Min(1, 2 * Math.Min(below, above) / Replicates.Count);
        }
    }
}

/// <summary>The bootstrap: the statistic over resamples drawn with replacement from the units (items, or whole clusters).</summary>
/// <remarks>Efron 1979. Draws come from <see cref="SeededRandom"/>, so a seed fixes the interval to the last digit on every machine.</remarks>
public static class Bootstrap
{
    /// <summary>Resamples when nothing else is said.</summary>
    public const int Resamples = 10_000;

    /// <summary>The bootstrap of a mean, or of a mean difference when the values are differences of pairs.</summary>
    /// <param name="values">Values, one a unit.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="resamples">How many resamples.</param>
    public static BootstrapResult OfMean(IReadOnlyList<double> values, ulong seed, int resamples = Resamples) =>
        Run(Mean.Value(values), MeanOf([.. values]), Draw(values.Count, seed, resamples), Describe(resamples, seed));

    /// <summary>The bootstrap of a mean over items that come in clusters: whole clusters are drawn, the mean is over all items drawn.</summary>
    /// <remarks>Davison and Hinkley 1997, section 3.8 (resampling of clusters as a whole).</remarks>
    /// <param name="values">Values.</param>
    /// <param name="clusters">The cluster of each value; clusters are numbered in ordinal order of their names.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="resamples">How many resamples.</param>
    public static BootstrapResult OfClusteredMean(IReadOnlyList<double> values, IReadOnlyList<string> clusters, ulong seed, int resamples = Resamples)
    {
        var (sums, counts) = ClusterSums(values, clusters);
        return Run(Mean.Value(values), ClusteredMeanOf(sums, counts), Draw(sums.Length, seed, resamples),
            $"{Describe(resamples, seed)}, {sums.Length} clusters drawn whole");
    }

    /// <summary>The bootstrap of any statistic.</summary>
    /// <param name="units">How many units there are to draw.</param>
    /// <param name="statistic">The statistic of the units with these numbers (each 0 … units − 1, with repeats).</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="resamples">How many resamples.</param>
    public static BootstrapResult Of(int units, Func<int[], double> statistic, ulong seed, int resamples = Resamples) =>
        Run(statistic([.. Enumerable.Range(0, units)]), statistic, Draw(units, seed, resamples), Describe(resamples, seed));

    /// <summary>The statistic without each unit in turn, which <see cref="BcaInterval"/> needs.</summary>
    /// <param name="units">How many units there are.</param>
    /// <param name="statistic">The statistic of the units with these numbers.</param>
    public static double[] LeaveOneOut(int units, Func<int[], double> statistic) =>
        [.. Enumerable.Range(0, units).Select(left => statistic([.. Enumerable.Range(0, units).Where(i => i != left)]))];

    internal static BootstrapResult Run(double observed, Func<int[], double> statistic, IEnumerable<int[]> draws, string described) =>
        new(observed, [.. draws.Select(statistic)], described);

    internal static Func<int[], double> MeanOf(double[] values) => draw =>
    {
        var sum = 0.0;
        foreach (var unit in draw)
            sum += values[unit];
        return sum / draw.Length;
    };

    internal static Func<int[], double> ClusteredMeanOf(double[] sums, int[] counts) => draw =>
    {
        var sum = 0.0;
        var count = 0;
        foreach (var unit in draw)
        {
            sum += sums[unit];
            count += counts[unit];
        }

        return sum / count;
    };

    internal static (double[] Sums, int[] Counts) ClusterSums(IReadOnlyList<double> values, IReadOnlyList<string> clusters)
    {
        var groups = values.Zip(clusters).GroupBy(p => p.Second, p => p.First, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).ToArray();
        return ([.. groups.Select(g => g.Sum())], [.. groups.Select(g => g.Count())]);
    }

    // One buffer for all draws: a statistic reads it and is done with it.
    private static IEnumerable<int[]> Draw(int units, ulong seed, int resamples)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(units);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        var random = new SeededRandom(seed);
        var draw = new int[units];
        for (var r = 0; r < resamples; r++)
        {
            for (var i = 0; i < units; i++)
                draw[i] = random.NextInt(units);
            yield return draw;
        }
    }

    private static string Describe(int resamples, ulong seed) => string.Create(CultureInfo.InvariantCulture, $"{resamples:N0} resamples, seed {seed}");
}
