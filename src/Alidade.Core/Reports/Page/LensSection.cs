using static Alidade.Core.Reports.Page.Markup;

namespace Alidade.Core.Reports.Page;

/// <summary>The logit lens before and after, layer by layer, the probability as shading and in numbers.</summary>
internal static class LensSection
{
    public static void Write(Markup page, AlignmentReport report)
    {
        if (report.Lenses.Count == 0)
            page.Leaf("p.none", "The logit lens was not run.");
        foreach (var lens in report.Lenses)
            Write(page, lens);
    }

    private static void Write(Markup page, LensComparison lens)
    {
        page.Leaf("p", "The residual stream after each layer, read as if it were the last (the logit lens): which token would come next. The fuller the bar, the more probable. Layers where the first choice differs are marked.");
        page.Leaf("p.label", "Prompt");
        page.Leaf("div.text", lens.Prompt);
        var shown = lens.Layers.SelectMany(l => (int[])[l.Before.Count, l.After.Count]).DefaultIfEmpty(0).Max();
        using var scroll = page.Open("div.scroll", ("tabindex", "0"), ("role", "region"), ("aria-label", "Logit lens"));
        using var table = page.Open("table.lens");
        page.Leaf("caption", $"The {(shown == 1 ? "most probable token" : $"{Numbers.Count(shown)} most probable tokens")} at each layer, last layer first");
        using (page.Open("thead"))
        using (page.Open("tr"))
        {
            page.Leaf("th", "Layer", ("scope", "col"));
            page.Leaf("th", "Before", ("scope", "colgroup"), ("colspan", Numbers.Count(Math.Max(shown, 1))));
            page.Leaf("th", "", ("scope", "col"), ("aria-label", "First choice"));
            page.Leaf("th", "After", ("scope", "colgroup"), ("colspan", Numbers.Count(Math.Max(shown, 1))));
        }

        using (page.Open("tbody"))
            foreach (var layer in lens.Layers.Reverse())
                using (page.Open("tr"))
                {
                    page.Leaf("th", layer.Layer, ("scope", "row"));
                    Tokens(page, layer.Before, shown);
                    var same = layer.Before.Count > 0 && layer.After.Count > 0 && layer.Before[0].Text == layer.After[0].Text;
                    page.Leaf("td.same", same ? "=" : "≠", ("title", same ? "same first choice" : "different first choice"));
                    Tokens(page, layer.After, shown);
                }
    }

    private static void Tokens(Markup page, IReadOnlyList<LensToken> tokens, int columns)
    {
        for (var i = 0; i < Math.Max(columns, 1); i++)
        {
            if (i >= tokens.Count)
            {
                page.Leaf("td", "");
                continue;
            }

            using (page.Open("td.token", ("style", $"--p:{At(100 * Math.Clamp(tokens[i].Probability, 0, 1))}%")))
            {
                page.Leaf("code", VisibleText.Token(tokens[i].Text));
                page.Leaf("span.probability", Numbers.Percent(tokens[i].Probability));
            }
        }
    }
}
