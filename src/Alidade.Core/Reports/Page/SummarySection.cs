namespace Alidade.Core.Reports.Page;

/// <summary>The first thing a reader sees: what does not count, what changed, what was done.</summary>
internal static class SummarySection
{
    public static void Write(Markup page, AlignmentReport report)
    {
        var summary = ReportSummary.Of(report);
        using (page.Open(summary.LeftOut is null ? "p.notice.fine" : "p.notice"))
        {
            page.Text(summary.LeftOut ?? "Nothing was dropped, cut short, left without a score, or failed.");
            if (summary.LeftOut is not null)
            {
                page.Text(" ");
                page.Leaf("a", "See which and why.", ("href", "#left-out"));
            }
        }

        page.Leaf("p.headline", summary.Headline);
        using (page.Open("div.groups"))
            foreach (var group in summary.Groups)
                Group(page, group);
        foreach (var note in summary.Notes)
            page.Leaf("p", note);
        if (report.RecipeSummary.Count == 0)
            return;
        page.Leaf("h3", "What was done");
        using (page.Open("ul"))
            foreach (var stage in report.RecipeSummary)
                page.Leaf("li", stage);
    }

    private static void Group(Markup page, SummaryGroup group)
    {
        using var box = page.Open($"div.group.{VerdictMark.Class(group.Verdict)}");
        using (page.Open("h3"))
            VerdictMark.Write(page, group.Verdict);
        page.Leaf("p.why", $"That is: {ReportSummary.Explanation(group.Verdict)}.");
        using (page.Open("ul"))
            foreach (var sentence in group.Sentences)
                page.Leaf("li", sentence);
    }
}
