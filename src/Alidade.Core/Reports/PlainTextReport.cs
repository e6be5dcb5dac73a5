using System.Globalization;
using System.Text;
using Alidade.Core.Results;

namespace Alidade.Core.Reports;

/// <summary>The report for a terminal: a line a measure, then what was left out, leaked, and where it sits.</summary>
internal static class PlainTextReport
{
    public static string Render(AlignmentReport report)
    {
        var text = new StringBuilder();
        var summary = ReportSummary.Of(report);
        Line(report.Title);
        Line(summary.Headline);
        if (summary.LeftOut is { } leftOut)
            Line("! " + leftOut);
        Comparison[] all = [.. report.Comparisons, .. report.Attacks.Select(a => a.Rate)];
        var width = Math.Min(all.Select(c => report.Label(c.Name).Length).DefaultIfEmpty().Max(), 44);
        foreach (var comparison in all)
            Line($"  {ReportSummary.Symbol(comparison.Verdict)} {ReportSummary.Words(comparison.Verdict),-18}  {report.Label(comparison.Name).PadRight(width)}  {Values(comparison)}");
        foreach (var note in summary.Notes)
            Line("- " + note);
        Line($"Run {report.Run}, {report.When.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC, {Numbers.Cost(report.Cost)}");
        return text.ToString();

        // A control character in a name could drive the terminal.
        void Line(string line) => text.Append(VisibleText.Line(line)).Append('\n');
    }

    private static string Values(Comparison comparison)
    {
        var unit = comparison.After.Unit;
        var difference = comparison.Difference is null ? "" : $"  {Numbers.Difference(comparison.Difference, unit)}";
        var interval = comparison.Interval is { } i ? $" ({Numbers.DifferenceRange(i, unit)})" : "";
        return $"{Numbers.Value(comparison.Before.Value, unit)} → {Numbers.Value(comparison.After.Value, unit)}{difference}{interval}, n {Numbers.Count(comparison.Pairs)}{(comparison.ItemsToTell is { } needed ? $", about {Numbers.Count(needed)} would tell" : "")}";
    }
}
