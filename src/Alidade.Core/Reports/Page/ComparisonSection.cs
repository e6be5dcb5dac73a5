using System.Globalization;
using Alidade.Core.Reports.Pictures;
using Alidade.Core.Results;

namespace Alidade.Core.Reports.Page;

/// <summary>The chart of all measures before and after, and the table with everything behind it.</summary>
internal static class ComparisonSection
{
    private static readonly string[] Columns = ["Measure", "#Before", "#After", "#Difference", "Verdict", "#p", "#Items", "#No score", "#Cut short", "#Cost"];

    public static void Write(Markup page, AlignmentReport report)
    {
        if (report.Comparisons.Count == 0)
        {
            page.Leaf("p.none", "Nothing was measured before and after.");
            return;
        }

        page.Leaf("p", "The same items before and after. The whiskers are each side's own interval; the verdict comes from the interval of the difference on the same items, which is narrower. Below each name stands how far its instrument was calibrated: the area under the ROC curve between models with a planted failure and models without; 1 finds every one, 0.5 is chance.");
        if (report.SmallestDifference is { } smallest)
            page.Leaf("p", $"A difference matters from {Numbers.Difference(smallest, "share").TrimStart('+')} on, or from {Numbers.Percent(smallest)} of the value before where the number is no share: a smaller one, with its whole interval, is called unchanged.");
        Chart(page, report, report.Comparisons);
        Write(page, report, "Measures before and after", report.Comparisons);
        CalibrationsTable.Write(page, report.Calibrations);
    }

    /// <summary>A row a measure: name, dots, values, verdict.</summary>
    public static void Chart(Markup page, AlignmentReport report, IEnumerable<Comparison> comparisons)
    {
        using (page.Open("p.legend"))
        {
            Key(page, "before");
            Key(page, "after");
        }

        using var rows = page.Open("div.rows");
        foreach (var comparison in comparisons)
            using (page.Open("div.measure"))
            {
                using (page.Open("div.label"))
                {
                    page.Leaf("strong", report.Label(comparison.Name));
                    page.Leaf("span.direction", DotRow.DirectionWords(comparison.After));
                    page.Leaf("span.direction", InstrumentCalibration.Brief(report.Calibrations.GetValueOrDefault(comparison.Name) ?? []));
                }

                using (page.Open("div.dots"))
                    DotRow.Draw(page, report.Label(comparison.Name), comparison.Before, comparison.After);
                using (page.Open("div.outcome"))
                {
                    page.Leaf("span.values", $"{Numbers.Value(comparison.Before.Value, comparison.After.Unit)} → {Numbers.Value(comparison.After.Value, comparison.After.Unit)}");
                    VerdictMark.Write(page, comparison.Verdict);
                }
            }
    }

    /// <summary>The table of comparisons.</summary>
    public static void Write(Markup page, AlignmentReport report, string caption, IEnumerable<Comparison> comparisons) =>
        Table.Write(page, caption, Columns, () =>
        {
            foreach (var comparison in comparisons)
                Row(page, report, comparison);
        });

    private static void Row(Markup page, AlignmentReport report, Comparison comparison)
    {
        var (before, after) = (comparison.Before, comparison.After);
        using var row = page.Open("tr");
        using (page.Open("th", ("scope", "row")))
        {
            page.Text(report.Label(comparison.Name));
            page.Leaf("span.meaning", after.Meaning);
            page.Leaf("span.meaning", (comparison.Name == report.Label(comparison.Name) ? "" : comparison.Name + ", ") + "in " + (Numbers.IsShare(after.Unit) ? "% of items" : after.Unit));
        }

        Side(page, before);
        Side(page, after);
        using (page.Open("td.number"))
        {
            page.Text(Numbers.Difference(comparison.Difference, after.Unit));
            if (comparison.Interval is { } interval)
                page.Leaf("span.interval", Numbers.DifferenceRange(interval, after.Unit), ("title", $"{Numbers.Level(interval)}, {interval.Method}"));
        }

        using (page.Open("td"))
        {
            VerdictMark.Write(page, comparison.Verdict);
            if (ReportSummary.ToTell(comparison) is { Length: > 0 } toTell)
                page.Leaf("span.interval", toTell.Trim());
        }

        using (page.Open("td.number"))
        {
            page.Text(Numbers.PValue(comparison.PValue));
            if (comparison.Test is { } test)
                page.Leaf("span.interval", test);
        }

        using (page.Open("td.number"))
        {
            page.Text(Numbers.Count(comparison.Pairs));
            if (before.Count != comparison.Pairs || after.Count != comparison.Pairs)
                page.Leaf("span.interval", $"{Numbers.Count(before.Count)} before, {Numbers.Count(after.Count)} after");
        }

        page.Leaf("td.number", Both(before.Unscored.Values.Sum(), after.Unscored.Values.Sum()));
        page.Leaf("td.number", Both(before.Truncated, after.Truncated));
        using (page.Open("td.number"))
        {
            page.Text(Numbers.Duration(before.Cost.Seconds + after.Cost.Seconds));
            page.Leaf("span.interval", Numbers.Count(before.Cost.Tokens + after.Cost.Tokens, "token"));
        }
    }

    private static void Side(Markup page, Measurement measurement)
    {
        using var cell = page.Open("td.number");
        page.Text(Numbers.Value(measurement.Value, measurement.Unit));
        if (measurement.Interval is { } interval)
            page.Leaf("span.interval", Numbers.Range(interval, measurement.Unit), ("title", $"{Numbers.Level(interval)}, {interval.Method}"));
    }

    /// <summary>One number when both sides agree, else "3 → 5".</summary>
    private static string Both(int before, int after) =>
        before == after ? before.ToString(CultureInfo.InvariantCulture) : $"{Numbers.Count(before)} → {Numbers.Count(after)}";

    private static void Key(Markup page, string side)
    {
        using var key = page.Open("span.key");
        using (page.Open("svg", ("width", "34"), ("height", "12"), ("aria-hidden", "true")))
        {
            page.Empty($"line.whisker.{side}", ("x1", "1"), ("x2", "33"), ("y1", "6"), ("y2", "6"));
            page.Empty($"circle.dot.{side}", ("cx", "17"), ("cy", "6"), ("r", "5"));
        }

        page.Text($" {side}, with interval");
    }
}
