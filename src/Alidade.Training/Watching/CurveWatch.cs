using Alidade.Core.Statistics;

namespace Alidade.Training.Watching;

/// <summary>
/// Looks for one known silent failure: a pure function of the curve, with its threshold and source. Every class of this assembly that derives from it is found by itself.
/// </summary>
public abstract record CurveWatch
{
    /// <summary>Values of a metric that are averaged at both ends of its curve. Default 10.</summary>
    public int Window { get; init; } = 10;

    /// <summary>Name, such as "chosen_falls".</summary>
    public abstract string Name { get; }

    /// <summary>Where the failure and its threshold are described.</summary>
    public abstract string Source { get; }

    /// <summary>What is wrong at the newest update of a curve; null when nothing is.</summary>
    public abstract string? Look(CurveView curve);

    /// <summary>A line with numbers as they are written everywhere.</summary>
    protected static string Line(FormattableString text) => FormattableString.Invariant(text);

    /// <summary>The standard error of the difference between the means of a metric at both ends of its curve, from how its values differ within each of them.</summary>
    protected double ErrorOfChange(CurveView curve, string metric)
    {
        var values = curve.Values(metric);
        double Variance(int from) => Math.Pow(Mean.SampleDeviation([.. values.Skip(from).Take(Window)]), 2);
        return Math.Sqrt((Variance(0) + Variance(values.Count - Window)) / Window);
    }

    /// <summary>The means of a metric at both ends of its curve; null until both windows are full and do not overlap.</summary>
    protected (double Start, double Now)? Ends(CurveView curve, string metric) =>
        curve.Values(metric).Count >= 2 * Window && curve.First(Window, metric) is { } start && curve.Newest(Window, metric) is { } now ? (start, now) : null;
}
