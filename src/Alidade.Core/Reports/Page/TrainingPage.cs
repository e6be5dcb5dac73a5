using System.Globalization;

namespace Alidade.Core.Reports.Page;

/// <summary>The page of a training: warnings, numbers at both ends, curves, samples, what was left out, provenance.</summary>
internal static class TrainingPage
{
    private static readonly string[] NumberColumns = ["Number", "#At the start", "#At the end"];
    private static readonly string[] ReadingColumns = ["Measured at the end", "#Value", "Interval and count"];
    private static readonly string[] WarningColumns = ["What was seen", "#Update", "Source"];
    private static readonly string[] FileColumns = ["File", "For", "#Bytes", "!SHA-256"];

    public static string Render(TrainingReport report) => PageFrame.Render(
        "Alidade training",
        $"{report.Objective} on {report.Model}",
        string.Join(" · ",
        [
            report.Trained,
            Numbers.Count(report.Updates, "update"),
            report.When.UtcDateTime.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture) + " UTC",
            Numbers.Duration(report.Cost.Seconds),
        ]),
        report.AlidadeVersion,
        [
            new("warnings", "Warnings", page => Warnings(page, report)),
            new("numbers", "Numbers", page => Ends(page, report)),
            new("training", "How training went", page => CurveSection.Write(page, report.Curves)),
            new("samples", "Samples side by side", page => SampleSection.Write(page, report.Samples)),
            new("left-out", "What was dropped", page => LeftOutSection.Write(page, report.LeftOut)),
            new("reproduce", "How to do it again", page => Provenance(page, report)),
        ],
        FilterScript.Text);

    private static void Warnings(Markup page, TrainingReport report)
    {
        if (report.Warnings.Count == 0)
        {
            page.Leaf("p.notice.fine", "None of the known silent failures shows in the curves.");
            return;
        }

        Warnings(page, report.Warnings);
    }

    /// <summary>The table of warnings.</summary>
    public static void Warnings(Markup page, IReadOnlyList<ReportWarning> warnings) =>
        Table.Write(page, "Signs of known silent failures, each at the update at which it first showed", WarningColumns, () =>
        {
            foreach (var warning in warnings)
                Table.Row(page, WarningColumns, warning.Message, Numbers.Count(warning.Update), warning.Source);
        });

    private static void Ends(Markup page, TrainingReport report)
    {
        page.Leaf("p", report.Meaning);
        page.Leaf("p", report.Data);
        if (report.BestUpdate is { } best)
            page.Leaf("p", $"The held-out loss was lowest after {Numbers.Count(best, "update")}{(report.StoppedEarly ? "; training stopped early" : "")}.");
        Table.Write(page, "Numbers at the start and at the end", NumberColumns, () =>
        {
            foreach (var number in report.Numbers.OrderByDescending(n => n.Name.EndsWith(" loss", StringComparison.Ordinal)))
                Table.Row(page, NumberColumns, number.Remark is { } remark ? $"{number.Name} ({remark})" : number.Name, Numbers.Plain(number.First), Numbers.Plain(number.Last));
        });
        if (report.Readings.Count > 0)
            Table.Write(page, "Numbers at the end alone", ReadingColumns, () =>
            {
                foreach (var reading in report.Readings)
                    Table.Row(page, ReadingColumns, $"{reading.Name}: {reading.Meaning}", Numbers.Value(reading.Value, reading.Unit), Numbers.Behind(reading));
            });
    }

    private static void Provenance(Markup page, TrainingReport report)
    {
        page.Leaf("p", "This command, on the same files and the same machine, gives the same weights:");
        page.Leaf("pre", report.Command);
        using (page.Open("dl"))
            foreach (var (name, value) in (ReadOnlySpan<(string, string)>)
            [
                ("Run", $"{report.Run}, {report.When.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC"),
                ("Cost", Numbers.Cost(report.Cost)),
                ("Written", string.Join(", ", report.Written)),
                ("Alidade", report.AlidadeVersion),
                ("Machine", $"{report.Environment.Os}, {report.Environment.Architecture}, {Numbers.Count(report.Environment.Processors, "processor")}, {Numbers.Count(report.Environment.Threads, "thread")}, {report.Environment.DotNet}"),
            ])
            {
                page.Leaf("dt", name);
                page.Leaf("dd", value);
            }

        Table.Write(page, "Files that went in", FileColumns, () =>
        {
            foreach (var file in report.Files)
                Table.Row(page, FileColumns, Path.GetFileName(file.Path), file.Role, Numbers.Count(file.Bytes), file.Sha256);
        });
        page.Leaf("h3", "Every setting");
        page.Leaf("pre", report.Recipe);
    }
}
