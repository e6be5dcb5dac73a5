using Alidade.Core.Results;

namespace Alidade.Core.Statistics;

/// <summary>Makes a <see cref="MeasureResult"/> from scored items, so that every measure counts and brackets in the same way.</summary>
public static class MeasureSummary
{
    /// <summary>
    /// The mean of the items' scores, with its interval: items in clusters by the clustered standard error; else Wilson's interval when every score is 0 or 1; else
    /// mean ± t·standard error, which for a share of scores between 0 and 1 ends there, as its mean does. Items without a score are counted by their <see cref="ItemResult.Why"/> and never taken as 0.
    /// </summary>
    /// <param name="about">Name, meaning, unit, direction, ideal and cost; value, interval and counts are filled in.</param>
    /// <param name="items">Every item, scored or not.</param>
    /// <param name="level">Confidence level.</param>
    /// <exception cref="ArgumentException">Two items have one id, a score is not finite, or an item has neither score nor reason.</exception>
    public static MeasureResult OfMean(Measurement about, IReadOnlyList<ItemResult> items, double level = 0.95)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (!ids.Add(item.Id))
                throw new ArgumentException($"{about.Name}: two items have the id '{item.Id}'", nameof(items));
            if (item.Score is { } score && !double.IsFinite(score))
                throw new ArgumentException($"{about.Name}: item '{item.Id}' has the score {score}; give no score and say why", nameof(items));
            if (item is { Score: null, Why: null })
                throw new ArgumentException($"{about.Name}: item '{item.Id}' has neither a score nor a reason", nameof(items));
        }

        var scored = items.Where(i => i.Score is not null).ToArray();
        double[] scores = [.. scored.Select(i => i.Score!.Value)];
        return new MeasureResult(
            about with
            {
                Value = scores.Length == 0 ? null : Mean.Value(scores),
                Interval = scores.Length == 0 ? null : IntervalOf(scored, scores, level, about.Unit == "share" && scores.All(s => s is >= 0 and <= 1)),
                Count = scores.Length,
                Unscored = items.Where(i => i.Score is null).GroupBy(i => i.Why!, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal),
                Truncated = scored.Count(i => i.Truncated),
            },
            items);
    }

    internal static bool AreBinary(IEnumerable<double> scores) => scores.All(s => s is 0 or 1);

    /// <summary>The cluster of each item; an item without one is a cluster of its own. Null when no item has a cluster.</summary>
    internal static string[]? ClustersOf(IReadOnlyList<ItemResult> items) =>
        items.All(i => i.Cluster is null) ? null : [.. items.Select(i => i.Cluster is { } cluster ? "c" + cluster : "i" + i.Id)];

    private static Interval? IntervalOf(ItemResult[] scored, double[] scores, double level, bool isShare)
    {
        var clusters = ClustersOf(scored);
        if (clusters is null && AreBinary(scores))
            return Proportion.Wilson(scores.Count(s => s == 1), scores.Length, level);
        var interval = (clusters is null ? Mean.Of(scores) : Mean.Clustered(scores, clusters)).Interval(level);
        return isShare && interval is not null ? interval with { Low = Math.Max(0, interval.Low), High = Math.Min(1, interval.High) } : interval;
    }
}
