using Alidade.Core.Results;

namespace Alidade.Core.Reports;

/// <summary>In which way something does not count fully.</summary>
public enum LeftOutKind
{
    /// <summary>Never used: a row that a filter refused.</summary>
    Dropped,

    /// <summary>Used, but cut to a limit.</summary>
    Truncated,

    /// <summary>Measured, but without a score.</summary>
    Unscored,

    /// <summary>Ended in an error.</summary>
    Failed,
}

/// <summary>How many rows or items were left out at one stage for one reason.</summary>
/// <param name="Stage">Stage, data set or measure, such as "dpo" or "refusal.rate, after".</param>
/// <param name="Kind">In which way.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="Count">How many.</param>
public sealed record LeftOut(string Stage, LeftOutKind Kind, string Reason, int Count);

/// <summary>Gathers what was left out anywhere in a report, in the order of the run: data, the run's own entries, measures, attacks.</summary>
internal static class LeftOutCounts
{
    public static IReadOnlyList<LeftOut> Of(AlignmentReport report)
    {
        var all = new List<LeftOut>();
        foreach (var data in report.Data)
            all.AddRange(data.Dropped.Select(d => new LeftOut(data.Name, LeftOutKind.Dropped, d.Key, d.Value)));
        all.AddRange(report.LeftOut);
        foreach (var comparison in report.Comparisons.Concat(report.Attacks.Select(a => a.Rate)))
        {
            Measured(all, report.Label(comparison.Name) + ", before", comparison.Before);
            Measured(all, report.Label(comparison.Name) + ", after", comparison.After);
        }

        // Both numbers of a membership reading come from the same rows, so one of them counts.
        foreach (var reading in report.Membership)
        {
            if (reading.Before is { } before)
                Measured(all, reading.Attack + ", before", before.Auroc);
            Measured(all, reading.Attack + ", after", reading.After.Auroc);
        }

        return [.. all.Where(l => l.Count > 0)];
    }

    /// <summary>Such as "12 rows dropped, 5 items cut short, 3 items without a score"; null when nothing was.</summary>
    public static string? Line(IReadOnlyList<LeftOut> all)
    {
        var parts = new List<string>();
        Add(LeftOutKind.Failed, "failed");
        Add(LeftOutKind.Dropped, "dropped");
        Add(LeftOutKind.Unscored, "without a score");
        Add(LeftOutKind.Truncated, "cut short");
        return parts.Count == 0 ? null : string.Join(", ", parts);

        void Add(LeftOutKind kind, string words)
        {
            var count = all.Where(l => l.Kind == kind).Sum(l => (long)l.Count);
            if (count > 0)
                parts.Add($"{Numbers.Count(count)} {words}");
        }
    }

    private static void Measured(List<LeftOut> all, string stage, Measurement measurement)
    {
        all.AddRange(measurement.Unscored.Select(u => new LeftOut(stage, LeftOutKind.Unscored, u.Key, u.Value)));
        all.Add(new LeftOut(stage, LeftOutKind.Truncated, "input or output cut at the limit", measurement.Truncated));
    }
}
