using System.Globalization;
using System.Text;
using Alidade.Core.Gates;
using Alidade.Core.Results;

namespace Alidade.Core.Reports;

/// <summary>An evaluation for a terminal and as Markdown: what does not count, then a line a measure.</summary>
internal static class EvaluationText
{
    public static string Plain(EvaluationReport report)
    {
        var text = new StringBuilder();
        Line($"{report.Model}: {report.Asked}{Limited(report)}");
        if (report.Gate.Count > 0)
            Line(Gate(report.Gate));
        foreach (var outcome in report.Gate)
            Line($"  {(outcome.Met ? "✓" : "✗")} {outcome.Message ?? $"{outcome.Rule.Rule}: {Reading(outcome)}"}");
        if (report.LeftOut() is { } leftOut)
            Line("! " + leftOut);
        foreach (var task in report.NotRun)
            Line($"! not run: {task.Reason}");
        var width = Math.Min(report.Measurements.Select(m => m.Name.Length).DefaultIfEmpty().Max(), 72);
        foreach (var m in report.Measurements)
            Line($"  {m.Name.PadRight(width)}  {Numbers.Value(m.Value, m.Unit),10}  {Range(m),-22}  n {Numbers.Count(m.Count),-7} {Direction(m)}{Unscored(m)}");
        foreach (var (measure, calibrations) in report.Calibrations)
            Line($"  {measure}: {InstrumentCalibration.Words(calibrations)}");
        Line($"Run {report.Run}, {report.When.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC, {Numbers.Cost(report.Cost)}");
        return text.ToString();

        // A control character in a name could drive the terminal.
        void Line(string line) => text.Append(VisibleText.Line(line).TrimEnd()).Append('\n');
    }

    public static string Markdown(EvaluationReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {Cell(report.Model)}: {Cell(report.Asked)}{Limited(report)}\n\n");
        if (report.LeftOut() is { } leftOut)
            text.Append(CultureInfo.InvariantCulture, $"**Not everything counts fully:** {Cell(leftOut)}.\n\n");
        if (report.Gate.Count > 0)
            text.Append(CultureInfo.InvariantCulture, $"**{Gate(report.Gate)}.**\n\n| rule | reading | interval | outcome | asked for because |\n|---|---:|---|---|---|\n");
        foreach (var outcome in report.Gate)
            text.Append(CultureInfo.InvariantCulture, $"| `{outcome.Required}` | {Reading(outcome)} | {(outcome.Measurement is { } m ? Range(m) : "")} | {(outcome.Met ? "met" : "not met")} | {Cell(outcome.Rule.Reason ?? "")} |\n");
        if (report.Gate.Count > 0 && report.NotRun.Count > 0)
            text.Append('\n');
        foreach (var task in report.NotRun)
            text.Append(CultureInfo.InvariantCulture, $"- Not run: {Cell(task.Reason)}\n");
        text.Append("\n| measure | value | interval | n | better | no score | cut short |\n|---|---:|---|---:|---|---:|---:|\n");
        foreach (var m in report.Measurements)
            text.Append(CultureInfo.InvariantCulture, $"| {Cell(m.Name)} | {Numbers.Value(m.Value, m.Unit)} | {Range(m)} | {Numbers.Count(m.Count)} | {Direction(m)} | {Numbers.Count(m.Unscored.Values.Sum())} | {Numbers.Count(m.Truncated)} |\n");
        text.Append("\n| measure | meaning |\n|---|---|\n");
        foreach (var m in report.Measurements)
            text.Append(CultureInfo.InvariantCulture, $"| {Cell(m.Name)} | {Cell(m.Meaning)} |\n");
        if (report.Calibrations.Count > 0)
            text.Append("\n| measure | on models with planted failures |\n|---|---|\n");
        foreach (var (measure, calibrations) in report.Calibrations)
            text.Append(CultureInfo.InvariantCulture, $"| {Cell(measure)} | {Cell(InstrumentCalibration.Words(calibrations))} |\n");
        text.Append(CultureInfo.InvariantCulture, $"\n`{report.Command.Replace('`', '\'')}`, Alidade {report.AlidadeVersion}, {report.When.UtcDateTime:yyyy-MM-dd HH:mm} UTC, {Numbers.Cost(report.Cost)}.\n");
        return text.ToString();
    }

    /// <summary>How a gate fared as a whole.</summary>
    public static string Gate(IReadOnlyList<GateOutcome> gate) => $"Gate {(gate.All(o => o.Met) ? "open" : "shut")}: {Numbers.Count(gate.Count(o => o.Met))} of {Numbers.Count(gate.Count, "rule")} met";

    /// <summary>A requirement's operator as a sign.</summary>
    public static string Sign(Requirement required) => required.Operator switch { "<=" => "≤", ">=" => "≥", _ => required.Operator };

    /// <summary>Which way is better, in a word.</summary>
    public static string Direction(Measurement m) => m.Direction switch
    {
        Results.Direction.Higher => "higher",
        Results.Direction.Lower => "lower",
        Results.Direction.TowardsIdeal when m.Ideal is { } ideal => $"near {Numbers.Value(ideal, m.Unit)}",
        _ => "neither",
    };

    private static string Reading(GateOutcome outcome) => outcome.Measurement is { } m ? Numbers.Value(m.Value, m.Unit) : "not measured";

    private static string Limited(EvaluationReport report) => report.Limit is { } limit ? $", at most {Numbers.Count(limit, "item")} a task" : "";

    private static string Range(Measurement m) => m.Interval is { } interval ? $"{Numbers.Range(interval, m.Unit)}" : "no interval";

    private static string Unscored(Measurement m) => m.Unscored.Values.Sum() is > 0 and var count ? $", {Numbers.Count(count)} without a score" : "";

    private static string Cell(string text) => VisibleText.Line(text).Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
