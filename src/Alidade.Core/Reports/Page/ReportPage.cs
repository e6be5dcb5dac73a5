using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Alidade.Core.Reports.Page;

/// <summary>The page: its frame, and its sections in the order a person wants them: words, pictures, tables, provenance.</summary>
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
        ("left-out", "What was dropped or failed", LeftOutSection.Write),
        ("reproduce", "How to do it again", ProvenanceSection.Write),
    ];

    public static string Render(AlignmentReport report)
    {
        var page = new Markup();
        page.Verbatim("<!DOCTYPE html>\n");
        using (page.Open("html", ("lang", "en")))
        {
            Head(page, report);
            using (page.Open("body"))
            {
                Header(page, report);
                using (page.Open("main"))
                    foreach (var (id, title, write) in Sections)
                        using (page.Open("section", ("id", id), ("aria-labelledby", id + "-title")))
                        {
                            page.Leaf("h2", title, ("id", id + "-title"));
                            write(page, report);
                        }

                page.Leaf("footer", $"Written by Alidade {report.AlidadeVersion}. This page is complete in itself and fetches nothing.");
                using (page.Open("script"))
                    page.Verbatim(PageStyle.Script);
            }
        }

        return page.ToString();
    }

    private static void Head(Markup page, AlignmentReport report)
    {
        // Should anything foreign ever get past the escaping, it still may neither run nor fetch.
        var script = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(PageStyle.Script)));
        using var head = page.Open("head");
        page.Empty("meta", ("charset", "utf-8"));
        page.Empty("meta", ("http-equiv", "Content-Security-Policy"), ("content", $"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"));
        page.Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
        page.Empty("meta", ("name", "color-scheme"), ("content", "light dark"));
        page.Leaf("title", report.Title);
        using (page.Open("style"))
            page.Verbatim(PageStyle.Css);
    }

    private static void Header(Markup page, AlignmentReport report)
    {
        using (page.Open("header"))
        {
            page.Leaf("p.kicker", "Alidade alignment report");
            page.Leaf("h1", report.Title);
            var adapter = report.Model.Adapter is { } a ? $"{a.Method}, rank {a.Rank.ToString(CultureInfo.InvariantCulture)}" : "all weights trained";
            page.Leaf("p.facts", string.Join(" · ",
            [
                report.Model.Name,
                $"{Numbers.Parameters(report.Model.Parameters)} parameters",
                adapter,
                report.When.UtcDateTime.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture) + " UTC",
                Numbers.Duration(report.Cost.Seconds),
            ]));
        }

        using (page.Open("nav", ("aria-label", "Sections")))
            foreach (var (id, title, _) in Sections)
                page.Leaf("a", title, ("href", "#" + id));
    }
}
