using System.Globalization;
using System.Text;
using Alidade.Core.Files;
using Alidade.Core.Results;

namespace Alidade.Core.Reports;

/// <summary>A measure over several runs, each compared item by item with the first.</summary>
/// <param name="Measure">Name of the measure.</param>
/// <param name="Baseline">The measurement of the first run; null when it lacks the measure.</param>
/// <param name="Others">The further runs, in order; null where one lacks the measure, or the first does.</param>
public sealed record ComparedMeasure(string Measure, Measurement? Baseline, IReadOnlyList<Comparison?> Others);

/// <summary>Any number of evaluations side by side: each measure of each run against the first run, on the items that both scored.</summary>
/// <param name="Runs">Names of the runs, the first the baseline.</param>
/// <param name="Measures">The measures, by name.</param>
/// <param name="Warnings">What may make the runs not comparable: other data, other limits, other seeds.</param>
public sealed record RunComparison(IReadOnlyList<string> Runs, IReadOnlyList<ComparedMeasure> Measures, IReadOnlyList<string> Warnings)
{
    /// <summary>A table for a terminal. Lines end with a line feed.</summary>
    public string ToPlainText()
    {
        var text = new StringBuilder();
        foreach (var warning in Warnings)
            Line("! " + warning);
        var width = Math.Min(Measures.Select(m => m.Measure.Length).DefaultIfEmpty().Max(), 52);
        foreach (var (i, run) in Runs.Skip(1).Index())
        {
            Line($"{run} against {Runs[0]}");
            foreach (var measure in Measures)
                Line(measure.Others[i] is { } c
                    ? $"  {ReportSummary.Symbol(c.Verdict)} {ReportSummary.Words(c.Verdict),-18}  {measure.Measure.PadRight(width)}  {Numbers.Value(c.Before.Value, c.After.Unit)} → {Numbers.Value(c.After.Value, c.After.Unit)}  {Difference(c)}, n {Numbers.Count(c.Pairs)}{Unpaired(c)}"
                    : $"  - not in both runs      {measure.Measure}");
        }

        if (Tests > 1)
            Line(string.Create(CultureInfo.InvariantCulture, $"{Tests} comparisons at 95 %: had nothing changed, about {0.05 * Tests:0.#} would still be called a change; the adjusted p-values allow for that."));
        return text.ToString();

        void Line(string line) => text.Append(VisibleText.Line(line)).Append('\n');
    }

    /// <summary>The same as Markdown.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        foreach (var warning in Warnings)
            text.Append(CultureInfo.InvariantCulture, $"> {Cell(warning)}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"| measure | {string.Join(" | ", Runs.Select(Cell))} |\n|---|{string.Concat(Enumerable.Repeat("---|", Runs.Count))}\n");
        foreach (var measure in Measures)
            text.Append(CultureInfo.InvariantCulture, $"| {Cell(measure.Measure)} | {(measure.Baseline is { } b ? Numbers.Value(b.Value, b.Unit) : "absent")} | {string.Join(" | ", measure.Others.Select(c => c is null ? "absent" : $"{Numbers.Value(c.After.Value, c.After.Unit)} ({ReportSummary.Words(c.Verdict)}; {Difference(c)}; n {Numbers.Count(c.Pairs)})"))} |\n");
        return text.ToString();
    }

    private int Tests => Measures.Sum(m => m.Others.Count(c => c?.PValue is not null));

    private static string Difference(Comparison c) => c.Interval is { } interval
        ? $"{Numbers.Difference(c.Difference, c.After.Unit)} ({Numbers.DifferenceRange(interval, c.After.Unit)}), p {Numbers.PValue(c.PValue)}{(c.AdjustedPValue is { } p ? $", adjusted {Numbers.PValue(p)}" : "")}"
        : Numbers.Difference(c.Difference, c.After.Unit);

    private static string Unpaired(Comparison c) => c.Unpaired > 0 ? $", {Numbers.Count(c.Unpaired)} scored on one side only" : "";

    private static string Cell(string text) => VisibleText.Line(text).Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
