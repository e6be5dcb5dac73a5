using Alidade.Core.Results;

namespace Alidade.Core.Reports.Page;

/// <summary>A verdict as symbol and words; the colour only repeats it.</summary>
internal static class VerdictMark
{
    public static void Write(Markup page, Verdict verdict)
    {
        using var mark = page.Open($"span.verdict.{Class(verdict)}");
        page.Leaf("span", ReportSummary.Symbol(verdict), ("aria-hidden", "true"));
        page.Text(" " + ReportSummary.Words(verdict));
    }

    public static string Class(Verdict verdict) => verdict switch
    {
        Verdict.Better => "good",
        Verdict.Worse => "bad",
        Verdict.Changed => "changed",
        _ => "open",
    };
}
