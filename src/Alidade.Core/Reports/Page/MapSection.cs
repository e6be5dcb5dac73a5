using System.Globalization;
using Alidade.Core.Reports.Pictures;

namespace Alidade.Core.Reports.Page;

/// <summary>The layer × position pictures, each with its values as a table.</summary>
internal static class MapSection
{
    public static void Write(Markup page, AlignmentReport report)
    {
        if (report.Maps.Count == 0)
            page.Leaf("p.none", "The model was not opened in this run.");
        else
            page.Leaf("p.facts", $"This way to look is {report.Trust(ShiftMap.Measure)}.");
        var told = "";
        foreach (var map in report.Maps)
        {
            map.Check();
            page.Leaf("h3", map.Title);
            if (map.Meaning != told)
                page.Leaf("p", told = map.Meaning);
            Write(page, map);
        }
    }

    private static void Write(Markup page, ShiftMap map)
    {
        page.Leaf("p.facts", Facts(map));
        if (map.Layers.Count == 0 || map.Positions.Count == 0)
        {
            page.Leaf("p.none", "The map is empty.");
            return;
        }

        using (page.Open("div.scroll.picture", ("tabindex", "0"), ("role", "region"), ("aria-label", map.Title)))
            HeatMap.Draw(page, map);
        using (page.Open("details.values"))
        {
            page.Leaf("summary", "All values as a table");
            string[] columns = ["Layer", .. map.Positions.Select((p, i) => $"#{i.ToString(CultureInfo.InvariantCulture)} {VisibleText.Token(p.Token)}")];
            Table.Write(page, $"{map.Title}: share of the shift that returns", columns, () =>
            {
                for (var layer = map.Layers.Count - 1; layer >= 0; layer--)
                    Table.Row(page, columns, [map.Layers[layer], .. map.Values[layer].Select(Numbers.Percent)]);
            });
        }
    }

    private static string Facts(ShiftMap map)
    {
        var facts = Numbers.Count(map.Pairs, "pair");
        if (map is { BaseLogOdds: { } before, AlignedLogOdds: { } after })
            facts += $" · log-odds of the chosen answer: base {Numbers.Plain(before)}, aligned {Numbers.Plain(after)}, shift {Numbers.Difference(after - before, "nats")} nats";
        var missing = map.Values.Sum(r => r.Count(v => !double.IsFinite(v)));
        return missing == 0 ? facts : facts + $" · {Numbers.Count(missing, "cell")} without a value, marked ×";
    }
}
