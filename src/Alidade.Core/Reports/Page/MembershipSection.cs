using Alidade.Core.Reports.Pictures;
using Alidade.Core.Results;

namespace Alidade.Core.Reports.Page;

/// <summary>The question in words, the curve, and the two numbers of each side.</summary>
internal static class MembershipSection
{
    private static readonly string[] Columns = ["Number", "#Before", "#After"];

    public static void Write(Markup page, AlignmentReport report)
    {
        if (report.Membership.Count == 0)
            page.Leaf("p.none", "Membership inference was not run, so this question has no answer here.");
        foreach (var reading in report.Membership)
            Write(page, reading);
    }

    private static void Write(Markup page, MembershipReading reading)
    {
        page.Leaf("h3", $"Membership inference: {reading.Attack}");
        page.Leaf("p.headline", reading.Answer());
        page.Leaf("p", $"{reading.Meaning} {Numbers.Count(reading.Members, "row")} trained on, {Numbers.Count(reading.NonMembers, "row")} held out.");

        // One false alarm in fewer than a hundred rows is already more than 1 %.
        if (reading.NonMembers < 100)
            page.Leaf("p.notice", $"With {Numbers.Count(reading.NonMembers, "held-out row")} a false-alarm rate of 1 % allows no false alarm at all, so the rate there is coarse.");
        using var beside = page.Open("div.beside");
        RocChart.Draw(page, reading);
        using var column = page.Open("div");
        using (page.Open("p.legend"))
        {
            if (reading.Before is not null)
                Key(page, "before", "series1");
            Key(page, "after", "series0");
            Key(page, "guessing", "guess");
            Key(page, "1 % false alarms", "ideal");
        }

        Table.Write(page, "How well training rows are told from held-out rows", Columns, () =>
        {
            Row(page, "Area under the curve (AUROC); 0.5 is guessing", reading.Before?.Auroc, reading.After.Auroc);
            Row(page, "Training rows found at 1 % false alarms; 1 % is guessing", reading.Before?.TruePositiveRate, reading.After.TruePositiveRate);
        });
    }

    private static void Row(Markup page, string name, Measurement? before, Measurement after)
    {
        using var row = page.Open("tr");
        page.Leaf("th", name, ("scope", "row"));
        foreach (var side in (Measurement?[])[before, after])
            using (page.Open("td.number"))
            {
                page.Text(side is null ? "not run" : Numbers.Value(side.Value, side.Unit));
                if (side?.Interval is { } interval)
                    page.Leaf("span.interval", Numbers.Range(interval, side.Unit), ("title", $"{Numbers.Level(interval)}, {interval.Method}"));
            }
    }

    private static void Key(Markup page, string name, string look)
    {
        using var key = page.Open("span.key");
        using (page.Open("svg", ("width", "22"), ("height", "8"), ("aria-hidden", "true")))
            page.Empty($"path.line.{look}", ("d", "M1 4L21 4"));
        page.Text(" " + name);
    }
}
