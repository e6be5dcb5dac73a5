using System.Globalization;
using System.Text;

namespace Alidade.Core.Reports;

/// <summary>A training for a terminal: warnings, the numbers at both ends, what was written.</summary>
internal static class TrainingText
{
    public static string Plain(TrainingReport report)
    {
        var text = new StringBuilder();
        Line($"{report.Objective} on {report.Model}: {report.Trained}");
        Line(report.Data);
        foreach (var left in report.LeftOut)
            Line($"! {Numbers.Count(left.Count)} {(left.Kind == LeftOutKind.Truncated ? "cut short" : "left out")}: {left.Reason}");
        foreach (var warning in report.Warnings)
            Line($"! update {Numbers.Count(warning.Update)}: {warning.Message}");
        var width = report.Numbers.Select(n => n.Name.Length).DefaultIfEmpty().Max();
        foreach (var number in report.Numbers)
            Line($"  {number.Name.PadRight(width)}  {Numbers.Plain(number.First),10} → {Numbers.Plain(number.Last)}{(number.Remark is { } remark ? $"  ({remark})" : "")}");
        var wide = report.Readings.Select(r => r.Name.Length).DefaultIfEmpty().Max();
        foreach (var reading in report.Readings)
            Line($"  {reading.Name.PadRight(wide)}  {Numbers.Value(reading.Value, reading.Unit)}  ({Numbers.Behind(reading)})");
        if (report.StoppedEarly)
            Line("stopped early: the held-out loss no longer fell");
        foreach (var written in report.Written)
            Line($"wrote {written}");
        Line($"Run {report.Run}, {Numbers.Count(report.Updates, "update")}, {report.When.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC, {Numbers.Cost(report.Cost)}");
        return text.ToString();

        // A control character in a name could drive the terminal.
        void Line(string line) => text.Append(VisibleText.Line(line).TrimEnd()).Append('\n');
    }
}
