using System.Globalization;
using Alidade.Core.Reports.Pictures;
using Alidade.Core.Results;
using Alidade.Core.Runs;

namespace Alidade.Core.Reports.Page;

/// <summary>The page of an evaluation: how a gate fared, what does not count, a picture and a table of all numbers, the items behind each with a filter, provenance.</summary>
internal static class EvaluationPage
{
    /// <summary>Items of a measure that the page shows; all of them stand in the run's samples. A page of tens of thousands opens in no browser.</summary>
    private const int MostItems = 300;

    private const int SummaryLength = 110;

    private static readonly string[] Columns = ["Measure", "#Value", "#Items", "Better", "#No score", "#Cut short", "#Cost"];

    public static string Render(EvaluationReport report, IReadOnlyList<RunSample> items)
    {
        var byMeasure = items.ToLookup(s => s.Measure, s => s.Item, StringComparer.Ordinal);
        return PageFrame.Render(
            "Alidade evaluation",
            $"{report.Model}: {report.Asked}",
            string.Join(" · ",
            [
                Numbers.Count(report.Measurements.Count, "measure"),
                report.Limit is { } limit ? $"at most {Numbers.Count(limit, "item")} a task" : "all items",
                report.BlackBox ? "asked in text alone" : "log-likelihoods and text",
                report.When.UtcDateTime.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture) + " UTC",
                Numbers.Duration(report.Cost.Seconds),
            ]),
            report.AlidadeVersion,
            [
                .. report.Gate.Count == 0 ? (PageSection[])[] : [new("gate", "Gate", page => GateSection.Write(page, report.Gate))],
                new("counts", "What does not count", page => LeftOut(page, report)),
                new("numbers", "Numbers", page => Measures(page, report)),
                new("items", "Items", page => Items(page, report, byMeasure)),
                new("reproduce", "How to do it again", page => Provenance(page, report)),
            ],
            FilterScript.Text);
    }

    private static void LeftOut(Markup page, EvaluationReport report)
    {
        page.Leaf(report.LeftOut() is null ? "p.notice.fine" : "p.notice", report.LeftOut() is { } line ? char.ToUpperInvariant(line[0]) + line[1..] + "." : "Every task was run, every item has a score, nothing was cut.");
        if (report.Causes() is { Count: > 0 } causes)
        {
            string[] columns = ["Why items have no score", "#Items"];
            Table.Write(page, "Items without a score count neither as right nor as wrong", columns, () =>
            {
                foreach (var (cause, count) in causes)
                    Table.Row(page, columns, cause, Numbers.Count(count));
            });
        }

        if (report.NotRun.Count == 0)
            return;
        string[] tasks = ["Task not run", "Why"];
        Table.Write(page, "Tasks that were left out", tasks, () =>
        {
            foreach (var task in report.NotRun)
                Table.Row(page, tasks, task.Task, task.Reason);
        });
    }

    private static void Measures(Markup page, EvaluationReport report)
    {
        if (report.Measurements.Count == 0)
        {
            page.Leaf("p.none", "Nothing was measured.");
            return;
        }

        foreach (var heading in report.Measurements.GroupBy(m => m.Name.Split('.', 2)[0]))
        {
            page.Leaf("h3", char.ToUpperInvariant(heading.Key[0]) + heading.Key[1..]);
            using var rows = page.Open("div.rows");
            foreach (var m in heading)
                using (page.Open("div.measure"))
                {
                    using (page.Open("div.label"))
                    {
                        page.Leaf("strong", m.Name[(heading.Key.Length + 1)..]);
                        page.Leaf("span.direction", DotRow.DirectionWords(m));
                    }

                    using (page.Open("div.dots"))
                        DotRow.Draw(page, m.Name, m);
                    using (page.Open("div.outcome"))
                        page.Leaf("span.values", Numbers.Value(m.Value, m.Unit));
                }
        }

        Table.Write(page, "All numbers; the interval stands below each", Columns, () =>
        {
            foreach (var m in report.Measurements)
                Row(page, m);
        });
        CalibrationsTable.Write(page, report.Calibrations);
    }

    private static void Row(Markup page, Measurement m)
    {
        using var row = page.Open("tr");
        using (page.Open("th", ("scope", "row")))
        {
            page.Text(m.Name);
            page.Leaf("span.meaning", m.Meaning);
        }

        using (page.Open("td.number"))
        {
            page.Text(Numbers.Value(m.Value, m.Unit));
            page.Leaf("span.interval", m.Interval is { } i ? $"{Numbers.Interval(i, m.Unit)}, {i.Method}" : "no interval");
        }

        page.Leaf("td.number", Numbers.Count(m.Count));
        page.Leaf("td", EvaluationText.Direction(m));
        page.Leaf("td.number", Numbers.Count(m.Unscored.Values.Sum()));
        page.Leaf("td.number", Numbers.Count(m.Truncated));
        using (page.Open("td.number"))
        {
            page.Text(Numbers.Duration(m.Cost.Seconds));
            page.Leaf("span.interval", Numbers.Count(m.Cost.Tokens, "token"));
        }
    }

    private static void Items(Markup page, EvaluationReport report, ILookup<string, ItemResult> byMeasure)
    {
        FilterScript.Bar(page, ("", "of any score"), ("low", "in the lower half of the scores"), ("high", "in the upper half of the scores"), ("none", "without a score"), ("cut", "cut short"));
        foreach (var measure in report.Measurements)
        {
            ItemResult[] all = [.. byMeasure[measure.Name]];
            if (all.Length == 0)
                continue;
            // What has no score, and what is cut, comes first: it is what a reader must look at.
            ItemResult[] shown = [.. all.OrderBy(i => i.Score is null ? 0 : i.Truncated ? 1 : 2).Take(MostItems)];
            var scores = all.Where(i => i.Score is not null).Select(i => i.Score!.Value).ToArray();
            var middle = scores.Length == 0 ? 0 : (scores.Min() + scores.Max()) / 2;
            using var group = page.Open("details.group");
            page.Leaf("summary", $"{measure.Name}: {Numbers.Count(all.Length, "item")}{(shown.Length < all.Length ? $", {Numbers.Count(shown.Length)} shown here, all in samples.jsonl" : "")}");
            foreach (var item in shown)
                Item(page, item, middle);
        }
    }

    private static void Item(Markup page, ItemResult item, double middle)
    {
        var kind = item.Score is not { } score ? "none" : score > middle ? "high" : "low";
        using var details = page.Open("details.sample", ("data-kind", kind), ("data-cut", item.Truncated ? "cut" : null));
        using (page.Open("summary"))
        {
            page.Text(Shorten(VisibleText.Line(item.Input)) + " ");
            page.Leaf("span.judged", item.Score is { } s ? Numbers.Plain(s) : "no score");
        }

        page.Leaf("p.label", $"Input ({item.Id}{(item.Cluster is { } cluster ? $", of {cluster}" : "")})");
        page.Leaf("div.text", item.Input);
        page.Leaf("p.label", "Output");
        page.Leaf("div.text", item.Output.Length == 0 ? "(none)" : item.Output);
        if (item.Truncated)
            page.Leaf("p.warn", "Input or output was cut.");
        if (item.Why is { } why)
            page.Leaf("p.why", "Why: " + why);
    }

    private static void Provenance(Markup page, EvaluationReport report)
    {
        page.Leaf("p", "This command, on the same files and the same machine, gives the same numbers:");
        page.Leaf("pre", report.Command);
        using (page.Open("dl"))
            foreach (var (name, value) in (ReadOnlySpan<(string, string)>)
            [
                ("Model", report.Model),
                ("Identity", report.Identity),
                ("Run", $"{report.Run}, {report.When.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC"),
                ("Cost", Numbers.Cost(report.Cost)),
                ("Seed", report.Seed.ToString(CultureInfo.InvariantCulture)),
                ("Alidade", report.AlidadeVersion),
                ("Machine", $"{report.Environment.Os}, {report.Environment.Architecture}, {Numbers.Count(report.Environment.Processors, "processor")}, {Numbers.Count(report.Environment.Threads, "thread")}, {report.Environment.DotNet}"),
            ])
            {
                page.Leaf("dt", name);
                page.Leaf("dd", value);
            }

        string[] columns = ["File", "For", "#Bytes", "!SHA-256"];
        Table.Write(page, "Files that went in", columns, () =>
        {
            foreach (var file in report.Files)
                Table.Row(page, columns, file.Path, file.Role, Numbers.Count(file.Bytes), file.Sha256);
        });
    }

    private static string Shorten(string text) =>
        text.Length <= SummaryLength ? text : text[..(char.IsHighSurrogate(text[SummaryLength - 1]) ? SummaryLength - 1 : SummaryLength)] + "…";
}
