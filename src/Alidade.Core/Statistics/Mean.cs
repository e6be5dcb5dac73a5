using Alidade.Core.Results;
using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>A mean and how far it may be off.</summary>
/// <param name="Value">The mean.</param>
/// <param name="StandardError">Its standard error; NaN when there are too few values (one value, or one cluster).</param>
/// <param name="Count">Values.</param>
/// <param name="Clusters">Clusters; null when each value stands alone.</param>
public sealed record MeanEstimate(double Value, double StandardError, int Count, int? Clusters = null)
{
    /// <summary>mean ± t·standard error, t of Student's distribution with n − 1 (or clusters − 1) degrees of freedom.</summary>
    /// <returns>Null when there is no standard error.</returns>
    public Interval? Interval(double level = 0.95) =>
        double.IsFinite(StandardError) ? Around(new StudentT((Clusters ?? Count) - 1).TwoSided(level), level, "t") : null;

    /// <summary>mean ± z·standard error. Narrower than <see cref="Interval"/>, and too narrow for few values.</summary>
    /// <returns>Null when there is no standard error.</returns>
    public Interval? NormalInterval(double level = 0.95) =>
        double.IsFinite(StandardError) ? Around(Normal.TwoSided(level), level, "normal") : null;

    internal Interval Around(double errors, double level, string method) =>
        new(Value - (errors * StandardError), Value + (errors * StandardError), level,
            Clusters is { } clusters ? $"{method}, standard error over {clusters} clusters" : method);
}

/// <summary>Means with their standard errors; sums are compensated, deviations taken from the mean, so large offsets and small spreads keep their digits.</summary>
public static class Mean
{
    /// <summary>Mean and √(Σ(x − x̄)² / (n − 1)) / √n.</summary>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static MeanEstimate Of(IReadOnlyList<double> values) =>
        new(Value(values), SampleDeviation(values) / Math.Sqrt(values.Count), values.Count);

    /// <summary>
    /// Mean with the standard error of values that come in clusters: √(C/(C − 1)·Σ_c (Σ_{i∈c} (xᵢ − x̄))²) / n. Items of one question or one template go up and
    /// down together; taking them as independent makes the interval too narrow.
    /// </summary>
    /// <remarks>Liang and Zeger 1986 with the factor C/(C − 1), as Inspect's <c>stderr(cluster=…)</c>.</remarks>
    /// <param name="values">Values.</param>
    /// <param name="clusters">The cluster of each value.</param>
    /// <exception cref="ArgumentException">There are no values, or the lists differ in length.</exception>
    public static MeanEstimate Clustered(IReadOnlyList<double> values, IReadOnlyList<string> clusters)
    {
        var (mean, squares, count) = ClusterSquares(values, clusters);
        return Estimate(mean, squares * count / (count - 1.0) / values.Count / values.Count, values.Count, count);
    }

    /// <summary>The same without the factor C/(C − 1), which makes it too small for few clusters.</summary>
    /// <param name="values">Values.</param>
    /// <param name="clusters">The cluster of each value.</param>
    public static MeanEstimate ClusteredUncorrected(IReadOnlyList<double> values, IReadOnlyList<string> clusters)
    {
        var (mean, squares, count) = ClusterSquares(values, clusters);
        return Estimate(mean, squares / values.Count / values.Count, values.Count, count);
    }

    /// <summary>The same as published for evaluations: √(s²/n + Σ_c Σ_{i≠j∈c} (xᵢ − x̄)(xⱼ − x̄) / n²).</summary>
    /// <remarks>Miller 2024 (arXiv 2411.00640), the equation for clustered standard errors; s² over n − 1, no factor C/(C − 1).</remarks>
    /// <param name="values">Values.</param>
    /// <param name="clusters">The cluster of each value.</param>
    public static MeanEstimate ClusteredMiller(IReadOnlyList<double> values, IReadOnlyList<string> clusters)
    {
        var (mean, squares, count) = ClusterSquares(values, clusters);
        return Estimate(mean, MillerVariance(SampleVariance(values), squares, values.Count), values.Count, count);
    }

    internal static double MillerVariance(double sampleVariance, double clusterSquares, double count) =>
        Math.Max(0, (sampleVariance / count) + ((clusterSquares - (sampleVariance * (count - 1))) / count / count));

    // The residuals of a single cluster add up to 0: that is too few clusters, not certainty.
    private static MeanEstimate Estimate(double mean, double variance, int count, int clusters) =>
        new(mean, clusters < 2 ? double.NaN : Math.Sqrt(variance), count, clusters);

    internal static (double Mean, double Squares, int Clusters) ClusterSquares(IReadOnlyList<double> values, IReadOnlyList<string> clusters)
    {
        if (values.Count != clusters.Count)
            throw new ArgumentException($"{values.Count} values but {clusters.Count} cluster names", nameof(clusters));
        var mean = Value(values);
        var sums = new Dictionary<string, CompensatedSum>(StringComparer.Ordinal);
        for (var i = 0; i < values.Count; i++)
        {
            var sum = sums.GetValueOrDefault(clusters[i]);
            sum.Add(values[i] - mean);
            sums[clusters[i]] = sum;
        }

        var squares = new CompensatedSum();
        foreach (var sum in sums.Values)
            squares.Add(sum.Total * sum.Total);
        return (mean, squares.Total, sums.Count);
    }

    /// <summary>The mean.</summary>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static double Value(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
            throw new ArgumentException("a mean needs at least one value", nameof(values));
        var sum = new CompensatedSum();
        foreach (var value in values)
            sum.Add(value);
        return sum.Total / values.Count;
    }

    /// <summary>The sample variance Σ(x − x̄)² / (n − 1); NaN for one value.</summary>
    public static double SampleVariance(IReadOnlyList<double> values) => values.Count < 2 ? double.NaN : SquaredDeviations(values) / (values.Count - 1);

    /// <summary>The sample standard deviation; NaN for one value.</summary>
    public static double SampleDeviation(IReadOnlyList<double> values) => Math.Sqrt(SampleVariance(values));

    /// <summary>The standard deviation of the values as a whole population: √(Σ(x − x̄)² / n).</summary>
    public static double PopulationDeviation(IReadOnlyList<double> values) => Math.Sqrt(SquaredDeviations(values) / values.Count);

    private static double SquaredDeviations(IReadOnlyList<double> values)
    {
        var mean = Value(values);
        CompensatedSum squares = default, rest = default;
        foreach (var value in values)
        {
            squares.Add((value - mean) * (value - mean));
            rest.Add(value - mean);
        }

        // The mean is rounded; what it is off by is taken out again (Chan, Golub and LeVeque 1983, corrected two-pass).
        return Math.Max(0, squares.Total - (rest.Total * rest.Total / values.Count));
    }
}

/// <summary>Neumaier's sum: the lost low digits are carried beside the sum.</summary>
/// <remarks>Neumaier 1974.</remarks>
internal struct CompensatedSum
{
    private double sum;
    private double lost;

    // What is lost beside an infinite sum is no number.
    public readonly double Total => double.IsFinite(sum) ? sum + lost : sum;

    public void Add(double value)
    {
        var next = sum + value;
        lost += Math.Abs(sum) >= Math.Abs(value) ? sum - next + value : value - next + sum;
        sum = next;
    }
}
