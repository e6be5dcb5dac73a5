using System.Globalization;

namespace Alidade.Core.Reports.Page;

/// <summary>The page of an alignment: its sections in the order a person wants them: words, pictures, tables, provenance.</summary>
internal static class ReportPage
{
    private static readonly (string Id, string Title, Action<Markup, AlignmentReport> Write)[] Sections =
    [
        ("summary", "In plain words", SummarySection.Write),
        ("comparisons", "Before and after", ComparisonSection.Write),
        ("attacks", "Attacks", AttackSection.Write),
        ("leak", "Did alignment leak its data?", MembershipSection.Write),
        ("where", "Where alignment sits", MapSection.Write),
        ("lens", "What each layer would say", LensSection.Write),
        ("samples", "Samples side by side", SampleSection.Write),
        ("training", "How training went", CurveSection.Write),
        ("costs", "What it cost", CostSection.Write),
        ("left-out", "What was dropped or failed", LeftOutSection.Write),
        ("reproduce", "How to do it again", ProvenanceSection.Write),
    ];

    public static string Render(AlignmentReport report) => PageFrame.Render(
        "Alidade alignment report",
        report.Title,
        Facts(report),
        report.AlidadeVersion,
        [.. Sections.Select(s => new PageSection(s.Id, s.Title, page => s.Write(page, report)))],
        FilterScript.Text);

    private static string Facts(AlignmentReport report)
    {
        var adapter = report.Model.Adapter is { } a ? $"{a.Method}, rank {a.Rank.ToString(CultureInfo.InvariantCulture)}" : "all weights trained";
        return string.Join(" · ",
        [
            report.Model.Name,
            $"{Numbers.Parameters(report.Model.Parameters)} parameters",
            adapter,
            report.When.UtcDateTime.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture) + " UTC",
            Numbers.Duration(report.Cost.Seconds),
        ]);
    }
}
