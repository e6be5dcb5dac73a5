namespace Alidade.Core.Reports.Page;

/// <summary>Answers before and after, by group; first those that are judged differently now.</summary>
internal static class SampleSection
{
    private const int SummaryLength = 110;

    public static void Write(Markup page, AlignmentReport report) => Write(page, report.Samples);

    public static void Write(Markup page, IReadOnlyList<SampleComparison> samples)
    {
        if (samples.Count == 0)
        {
            page.Leaf("p.none", "No samples were kept.");
            return;
        }

        FilterScript.Bar(page, ("", "judged in any way"), ("changed", "judged differently"), ("other", "judged the same, with another answer"), ("same", "the same answer"), ("cut", "cut short"));
        page.Leaf("p", "Open a group, then a prompt. Answers are shown as the models wrote them; characters that would be invisible are made visible.");
        foreach (var group in samples.GroupBy(s => s.Group))
            using (page.Open("details.group", ("open", "open")))
            {
                var changed = group.Where(s => s.Before.Judged != s.After.Judged).ToArray();
                var same = group.Where(s => s.Before.Judged == s.After.Judged).ToArray();
                page.Leaf("summary", $"{group.Key}: {Numbers.Count(changed.Length)} judged differently, {Numbers.Count(same.Length)} judged the same");
                foreach (var sample in changed)
                    Sample(page, sample, open: sample == changed[0]);
                if (same.Length > 0)
                    using (page.Open("details", ("open", changed.Length == 0 ? "open" : null)))
                    {
                        page.Leaf("summary", $"Judged the same ({Numbers.Count(same.Length)})");
                        foreach (var sample in same)
                            Sample(page, sample, open: false);
                    }
            }
    }

    private static void Sample(Markup page, SampleComparison sample, bool open)
    {
        var kind = sample.Before.Judged != sample.After.Judged ? "changed" : sample.Before.Text != sample.After.Text ? "other" : "same";
        using var details = page.Open("details.sample", ("open", open ? "open" : null), ("data-kind", kind), ("data-cut", sample.Before.Truncated || sample.After.Truncated ? "cut" : null));
        using (page.Open("summary"))
        {
            page.Text(Shorten(VisibleText.Line(sample.Prompt)) + " ");
            page.Leaf("span.judged", sample.Before.Judged == sample.After.Judged ? sample.After.Judged : $"{sample.Before.Judged} → {sample.After.Judged}");
        }

        page.Leaf("p.label", $"Prompt ({sample.Id})");
        page.Leaf("div.text", sample.Prompt);
        using var pair = page.Open("div.pair");
        Side(page, "Before", sample.Before);
        Side(page, "After", sample.After);
    }

    private static void Side(Markup page, string name, SampleSide side)
    {
        using var column = page.Open("div");
        page.Leaf("p.label", $"{name}: {side.Judged}");
        page.Leaf("div.text", side.Text.Length == 0 ? "(an empty answer)" : side.Text);
        if (side.Truncated)
            page.Leaf("p.warn", "Cut at the limit of length.");
        if (side.Why is { } why)
            page.Leaf("p.why", "Why: " + why);
    }

    private static string Shorten(string text) =>
        text.Length <= SummaryLength ? text : text[..(char.IsHighSurrogate(text[SummaryLength - 1]) ? SummaryLength - 1 : SummaryLength)] + "…";
}
