using System.Security.Cryptography;
using System.Text;

namespace Alidade.Core.Reports.Page;

/// <summary>A section of a page.</summary>
/// <param name="Id">Its anchor.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Write">Writes what stands below the heading.</param>
internal sealed record PageSection(string Id, string Title, Action<Markup> Write);

/// <summary>The frame of every page: title, facts, sections, and a policy under which nothing foreign runs and nothing is fetched.</summary>
internal static class PageFrame
{
    /// <summary>The page as one self-contained HTML text.</summary>
    /// <param name="kicker">What kind of page it is.</param>
    /// <param name="title">Its headline.</param>
    /// <param name="facts">The line below the headline.</param>
    /// <param name="version">Version of Alidade that made it.</param>
    /// <param name="sections">The sections, in order.</param>
    /// <param name="script">The page's own script.</param>
    public static string Render(string kicker, string title, string facts, string version, IReadOnlyList<PageSection> sections, string script)
    {
        var page = new Markup();
        page.Verbatim("<!DOCTYPE html>\n");
        using (page.Open("html", ("lang", "en")))
        {
            Head(page, title, script);
            using (page.Open("body"))
            {
                using (page.Open("header"))
                {
                    page.Leaf("p.kicker", kicker);
                    page.Leaf("h1", title);
                    page.Leaf("p.facts", facts);
                }

                using (page.Open("nav", ("aria-label", "Sections")))
                    foreach (var section in sections)
                        page.Leaf("a", section.Title, ("href", "#" + section.Id));
                using (page.Open("main"))
                    foreach (var section in sections)
                        using (page.Open("section", ("id", section.Id), ("aria-labelledby", section.Id + "-title")))
                        {
                            page.Leaf("h2", section.Title, ("id", section.Id + "-title"));
                            section.Write(page);
                        }

                page.Leaf("footer", $"Written by Alidade {version}. This page is complete in itself and fetches nothing.");
                using (page.Open("script"))
                    page.Verbatim(script);
            }
        }

        return page.ToString();
    }

    private static void Head(Markup page, string title, string script)
    {
        // Should anything foreign ever get past the escaping, it still may neither run nor fetch.
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)));
        using var head = page.Open("head");
        page.Empty("meta", ("charset", "utf-8"));
        page.Empty("meta", ("http-equiv", "Content-Security-Policy"), ("content", $"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"));
        page.Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
        page.Empty("meta", ("name", "color-scheme"), ("content", "light dark"));
        page.Leaf("title", title);
        using (page.Open("style"))
            page.Verbatim(PageStyle.Css);
    }
}
