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

        FilterScript.Bar(page, ("", "of any kind"), ("changed", "judged differently"), ("other", "not judged differently, with another answer"), ("same", "the same answer"), ("cut", "cut short"));
        page.Leaf("p", "Open a group, then a prompt. Answers are shown as the models wrote them; characters that would be invisible are made visible.");
        foreach (var group in samples.GroupBy(s => s.Group))
        {
            // Answers that nobody judged differ by their words alone.
            var judged = group.Any(s => s.Before.Judged.Length + s.After.Judged.Length > 0);
            var words = judged ? "judged" : "answered";
            var changed = group.Where(s => judged ? IsJudgedDifferently(s) : s.Before.Text != s.After.Text).ToArray();
            var same = group.Except(changed).ToArray();
            using (page.Open("details.group", ("open", changed.Length > 0 ? "open" : null)))
            {
                page.Leaf("summary", $"{group.Key}: {Numbers.Count(changed.Length)} {words} differently, {Numbers.Count(same.Length)} {words} the same");
                foreach (var sample in changed)
                    Sample(page, sample, open: sample == changed[0]);
                if (same.Length > 0)
                    using (page.Open("details", ("open", changed.Length == 0 ? "open" : null)))
                    {
                        page.Leaf("summary", $"{char.ToUpperInvariant(words[0])}{words[1..]} the same ({Numbers.Count(same.Length)})");
                        foreach (var sample in same)
                            Sample(page, sample, open: false);
                    }
            }
        }
    }

    private static bool IsJudgedDifferently(SampleComparison sample) => sample.Before.Judged != sample.After.Judged;

    private static void Sample(Markup page, SampleComparison sample, bool open)
    {
        var kind = IsJudgedDifferently(sample) ? "changed" : sample.Before.Text != sample.After.Text ? "other" : "same";
        using var details = page.Open("details.sample", ("open", open ? "open" : null), ("data-kind", kind), ("data-cut", sample.Before.Truncated || sample.After.Truncated ? "cut" : null));
        using (page.Open("summary"))
        {
            page.Text(Shorten(VisibleText.Line(sample.Prompt)) + " ");
            if (sample.Before.Judged.Length + sample.After.Judged.Length > 0)
                page.Leaf("span.judged", IsJudgedDifferently(sample) ? $"{sample.Before.Judged} → {sample.After.Judged}" : sample.After.Judged);
        }

        page.Leaf("p.label", $"Prompt ({sample.Id})");
        page.Leaf("div.text", sample.Prompt);
        using (page.Open("div.pair"))
        {
            Side(page, "Before", sample.Before);
            Side(page, "After", sample.After);
        }

        if (sample.Between.Count == 0)
            return;
        using var between = page.Open("details");
        page.Leaf("summary", $"On the way: {Numbers.Count(sample.Between.Count, "answer")}");
        foreach (var (when, side) in sample.Between)
            Side(page, char.ToUpperInvariant(when[0]) + when[1..], side);
    }

    private static void Side(Markup page, string name, SampleSide side)
    {
        using var column = page.Open("div");
        page.Leaf("p.label", side.Judged.Length > 0 ? $"{name}: {side.Judged}" : name);
        page.Leaf("div.text", side.Text.Length == 0 ? "(an empty answer)" : side.Text);
        if (side.Truncated)
            page.Leaf("p.warn", "Cut at the limit of length.");
        if (side.Why is { } why)
            page.Leaf("p.why", "Why: " + why);
    }

    private static string Shorten(string text) =>
        text.Length <= SummaryLength ? text : text[..(char.IsHighSurrogate(text[SummaryLength - 1]) ? SummaryLength - 1 : SummaryLength)] + "…";
}
