using System.Globalization;
using Alidade.Core.Results;
using Alidade.Core.Statistics.Distributions;
using Alidade.Core.Statistics.Power;

namespace Alidade.Core.Statistics;

/// <summary>
/// Compares a measure before and after a change, item by item. The same items are asked twice, so what makes an item easy or hard falls out of the difference, and
/// a smaller change can be seen than by comparing two averages (Miller 2024, arXiv 2411.00640, section 4.2).
/// </summary>
/// <remarks>
/// 1. Pair the items that were scored both times, by id. 2. Fewer than <see cref="MinimumUnits"/> independent units (clusters, else items): too few, no verdict.
/// 3. Difference and interval: items in clusters by a bootstrap of whole clusters; scores of 0 and 1 by Newcombe's paired interval with McNemar's mid-p; other
/// scores by a paired bootstrap. 4. Verdict from the interval: it holds zero, or it lies on the good or the bad side. For a measure with an ideal the question is
/// whether the mean came nearer to it, and a bootstrap of |after − ideal| − |before − ideal| answers it. 5. Where the smallest difference that matters is told: an
/// interval that holds zero rules such a difference out (unchanged), or it cannot tell; then the items are counted that would (Miller 2024, section 5, with the
/// variance that the interval's half width implies, so that clusters count as what they are).
/// </remarks>
public static class PairedComparison
{
    /// <summary>
    /// Independent units (clusters, or items where there are none) that a verdict needs: below 20 a percentile bootstrap is too narrow to keep its level.
    /// </summary>
    public const int MinimumUnits = 20;

    /// <summary>A mean of items agrees with its items to this, relatively.</summary>
    private const double Agrees = 1e-9;

    /// <summary>The comparison.</summary>
    /// <param name="before">The measure before.</param>
    /// <param name="after">The same measure after.</param>
    /// <param name="level">Confidence level.</param>
    /// <param name="seed">Seed of the bootstrap.</param>
    /// <param name="margin">The smallest difference that matters, in the unit of the number, above 0; null when nobody said.</param>
    /// <exception cref="ArgumentException">The two are not the same measure, or the margin is not above 0.</exception>
    public static Comparison Of(MeasureResult before, MeasureResult after, double level = 0.95, ulong seed = 1, double? margin = null)
    {
        if (margin is not null and not > 0)
            throw new ArgumentException($"a margin of {margin}: the smallest difference that matters is above 0", nameof(margin));
        var about = before.Measurement;
        if (about.Name != after.Measurement.Name)
            throw new ArgumentException($"'{about.Name}' cannot be compared with '{after.Measurement.Name}'", nameof(after));
        // 1.
        var later = after.Items.Where(i => i.Score is not null).ToDictionary(i => i.Id, i => i.Score!.Value, StringComparer.Ordinal);
        var items = before.Items.Where(i => i.Score is not null && later.ContainsKey(i.Id)).ToArray();
        double[] first = [.. items.Select(i => i.Score!.Value)];
        double[] second = [.. items.Select(i => later[i.Id])];
        double[] differences = [.. second.Zip(first, (s, f) => s - f)];
        var clusters = MeasureSummary.ClustersOf(items);
        var result = new Comparison
        {
            Name = about.Name,
            Before = about,
            After = after.Measurement,
            Pairs = items.Length,
            Unpaired = before.Items.Count(i => i.Score is not null) + later.Count - (2 * items.Length),
            Difference = items.Length == 0 ? null : Mean.Value(differences),
            Margin = margin,
            Verdict = Verdict.TooFewItems,
        };

        // 2.
        if ((clusters?.Distinct().Count() ?? items.Length) < MinimumUnits)
            return result;

        // 3.
        var (interval, p, test) = clusters is null && MeasureSummary.AreBinary(first.Concat(second))
            ? Binary(first, second, level)
            : Resampled(differences, clusters, level, seed);
        return Told(result with { Interval = interval, PValue = p, Test = test, Verdict = Judge(about, interval, first, second, clusters, level, seed) });
    }

    /// <summary>
    /// Whether a number is the mean of its items' scores. Others (a ratio, a corrected rate) are not, and what their items show is nothing about them.
    /// </summary>
    public static bool IsMeanOfItems(MeasureResult result)
    {
        double[] scores = [.. result.Items.Where(i => i.Score is not null).Select(i => i.Score!.Value)];
        // Without a scored item there is no value, and they agree in that.
        return result.Measurement.Value is { } value
            ? scores.Length > 0 && Math.Abs(Mean.Value(scores) - value) <= Agrees * Math.Max(1, Math.Abs(value))
            : scores.Length == 0;
    }

    /// <summary>Two numbers that are no means of their items side by side: a difference and no verdict.</summary>
    public static Comparison WithoutInterval(MeasureResult before, MeasureResult after) => new()
    {
        Name = before.Measurement.Name,
        Before = before.Measurement,
        After = after.Measurement,
        Pairs = 0,
        Difference = after.Measurement.Value - before.Measurement.Value,
        Verdict = Verdict.TooFewItems,
    };

    // 5.
    private static Comparison Told(Comparison comparison)
    {
        if (comparison is not { Verdict: Verdict.NoDifferenceSeen, Margin: { } margin, Interval: { } interval })
            return comparison;
        if (interval.Low > -margin && interval.High < margin)
            return comparison with { Verdict = Verdict.Unchanged };
        var deviation = (interval.High - interval.Low) / 2 / Normal.TwoSided(interval.Level);
        var needed = new EvaluationPower(comparison.Pairs * deviation * deviation, 0, 0).Questions(margin, alpha: 1 - interval.Level);
        return comparison with { Verdict = Verdict.CannotTell, ItemsToTell = needed.Exact < int.MaxValue ? needed.Count : null };
    }

    private static (Interval Interval, double P, string Test) Binary(double[] first, double[] second, double level)
    {
        int Count(double f, double s) => first.Zip(second).Count(pair => pair == (f, s));
        // The difference is after minus before, so "first" of the formula is after.
        return (
            new PairedProportions(Count(1, 1), Count(0, 1), Count(1, 0), Count(0, 0)).Newcombe(level),
            McNemar.MidP(Count(1, 0), Count(0, 1)),
            "McNemar mid-p");
    }

    private static (Interval Interval, double P, string Test) Resampled(double[] differences, string[]? clusters, double level, ulong seed)
    {
        var bootstrap = clusters is null ? Bootstrap.OfMean(differences, seed) : Bootstrap.OfClusteredMean(differences, clusters, seed);
        var interval = bootstrap.Percentile(level);
        // No replicate on the other side does not make p zero; it makes p smaller than resampling can tell.
        return (interval with { Method = "paired " + interval.Method }, Math.Max(bootstrap.TwoSidedP, 2.0 / Bootstrap.Resamples), "paired bootstrap");
    }

    private static Verdict Judge(Measurement about, Interval interval, double[] first, double[] second, string[]? clusters, double level, ulong seed)
    {
        if (interval.Low <= 0 && interval.High >= 0)
            return Verdict.NoDifferenceSeen;
        var rose = interval.Low > 0;
        return about.Direction switch
        {
            Direction.Higher => rose ? Verdict.Better : Verdict.Worse,
            Direction.Lower => rose ? Verdict.Worse : Verdict.Better,
            Direction.TowardsIdeal => Nearness(about, first, second, clusters, level, seed) switch
            {
                { High: < 0 } => Verdict.Better,
                { Low: > 0 } => Verdict.Worse,
                // Moved, perhaps past the ideal; neither side is seen to be nearer.
                _ => Verdict.Changed,
            },
            _ => Verdict.Changed,
        };
    }

    // |mean after − ideal| − |mean before − ideal|; below zero is nearer.
    private static Interval Nearness(Measurement about, double[] first, double[] second, string[]? clusters, double level, ulong seed)
    {
        if (about.Ideal is not { } ideal)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"'{about.Name}' should move towards an ideal but names none"), nameof(about));
        clusters ??= [.. Enumerable.Range(0, first.Length).Select(i => i.ToString("d9", CultureInfo.InvariantCulture))];
        var (sumsBefore, counts) = Bootstrap.ClusterSums(first, clusters);
        var (sumsAfter, _) = Bootstrap.ClusterSums(second, clusters);
        var meanBefore = Bootstrap.ClusteredMeanOf(sumsBefore, counts);
        var meanAfter = Bootstrap.ClusteredMeanOf(sumsAfter, counts);
        return Bootstrap.Of(counts.Length, draw => Math.Abs(meanAfter(draw) - ideal) - Math.Abs(meanBefore(draw) - ideal), seed).Percentile(level);
    }
}
