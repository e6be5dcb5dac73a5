using System.Globalization;
using Alidade.Core.Reports.Page;
using static Alidade.Core.Reports.Page.Markup;

namespace Alidade.Core.Reports.Pictures;

/// <summary>
/// Layers (last at the top) by positions, coloured from −1 (orange) over 0 (paper) to +1 (blue). Up to <see cref="MostWithNumbers"/> positions each cell
/// carries its value in percent; beyond, the cells shrink and the value is in the tooltip.
/// </summary>
internal static class HeatMap
{
    private const int MostWithNumbers = 28, FewPositions = 12;
    private const double RowHeight = 19, Left = 64, Top = 26, LabelDepth = 124, Right = 56, LegendWidth = 220, LegendHeight = 46;

    public static void Draw(Markup page, ShiftMap map)
    {
        var numbers = map.Positions.Count <= MostWithNumbers;
        var cell = map.Positions.Count <= FewPositions ? 58.0 : numbers ? 32.0 : 16.0;
        var (plotWidth, plotHeight) = (cell * map.Positions.Count, RowHeight * map.Layers.Count);
        var scale = Scale(map);
        var width = Math.Max(Left + plotWidth, Left + LegendWidth) + Right;
        var height = Top + plotHeight + LabelDepth + LegendHeight;
        using var svg = page.Open("svg.heat", ("role", "img"), ("width", At(width)), ("height", At(height)), ("viewBox", $"0 0 {At(width)} {At(height)}"));
        page.Leaf("title", $"{map.Title}: share of the shift that returns, layers by positions; the values stand in the table below the picture");
        page.Leaf("text.tick", "layer", ("x", At(Left - 8)), ("y", At(Top - 9)), ("text-anchor", "end"));
        for (var layer = 0; layer < map.Layers.Count; layer++)
        {
            var y = Top + (RowHeight * (map.Layers.Count - 1 - layer));
            page.Leaf("text.tick", Shorten(VisibleText.Token(map.Layers[layer]), 8), ("x", At(Left - 8)), ("y", At(y + (RowHeight / 2) + 3.5)), ("text-anchor", "end"));
            using var row = page.Open("g");
            for (var position = 0; position < map.Positions.Count; position++)
                Cell(page, map, layer, position, (Left + (cell * position), y, cell), scale, numbers);
        }

        Positions(page, map, cell, Top + plotHeight);
        Legend(page, scale, numbers, Top + plotHeight + LabelDepth);
    }

    private static void Cell(Markup page, ShiftMap map, int layer, int position, (double X, double Y, double Width) at, double scale, bool numbers)
    {
        var value = map.Values[layer][position];
        var finite = double.IsFinite(value);
        var strength = finite ? Math.Min(Math.Abs(value) / scale, 1) : 0;
        var look = !finite ? "rect.none" : value < 0 ? "rect.negative" : "rect.positive";
        using (page.Open(look, ("x", At(at.X)), ("y", At(at.Y)), ("width", At(at.Width - 1)), ("height", At(RowHeight - 1)), ("fill-opacity", finite ? At(strength) : null)))
            page.Leaf("title", $"layer {map.Layers[layer]}, position {position.ToString(CultureInfo.InvariantCulture)} “{VisibleText.Token(map.Positions[position].Token)}”: {(finite ? Numbers.Percent(value) : "no value")}");
        if (numbers)
            page.Leaf("text.cell", finite ? Whole(value) : "×", ("x", At(at.X + ((at.Width - 1) / 2))), ("y", At(at.Y + 12.5)), ("text-anchor", "middle"));
    }

    private static void Positions(Markup page, ShiftMap map, double cell, double top)
    {
        for (var position = 0; position < map.Positions.Count; position++)
        {
            var x = Left + (cell * position);
            var part = map.Positions[position].Part;
            page.Empty($"rect.part.{PartName(part)}", ("x", At(x)), ("y", At(top + 2)), ("width", At(cell - 1)), ("height", "4"));
            var (labelX, labelY) = (x + (cell / 2) + 3, top + 16);
            page.Leaf($"text.token.{PartName(part)}", Shorten(VisibleText.Token(map.Positions[position].Token), 17), ("x", At(labelX)), ("y", At(labelY)), ("text-anchor", "end"), ("transform", $"rotate(-55 {At(labelX)} {At(labelY)})"));
        }

        // A bracket's name stands above the cells, over the run of positions it holds.
        for (var start = 0; start < map.Positions.Count;)
        {
            var part = map.Positions[start].Part;
            var end = start;
            while (end < map.Positions.Count && map.Positions[end].Part == part)
                end++;
            if (part != TextPart.Template && (end - start) * cell > 44)
                page.Leaf($"text.token.{PartName(part)}", PartName(part), ("x", At(Left + (cell * (start + end) / 2))), ("y", At(Top - 9)), ("text-anchor", "middle"));
            start = end;
        }
    }

    private static void Legend(Markup page, double scale, bool numbers, double top)
    {
        const int Steps = 11;
        const double Width = LegendWidth / Steps;
        page.Leaf("text.tick", numbers ? "share of the shift that returns; cells in %" : "share of the shift that returns", ("x", At(Left)), ("y", At(top + 4)));
        for (var i = 0; i < Steps; i++)
        {
            var value = ((2.0 * i / (Steps - 1)) - 1) * scale;
            page.Empty(value < 0 ? "rect.negative" : "rect.positive", ("x", At(Left + (Width * i))), ("y", At(top + 10)), ("width", At(Width)), ("height", "12"), ("fill-opacity", At(Math.Abs(value) / scale)));
            if (i % 5 == 0)
                page.Leaf("text.tick", Numbers.Percent(value), ("x", At(Left + (Width * (i + 0.5)))), ("y", At(top + 36)), ("text-anchor", "middle"));
        }

        page.Empty("rect.frame", ("x", At(Left)), ("y", At(top + 10)), ("width", At(LegendWidth)), ("height", "12"));
    }

    /// <summary>±100 % as a rule, so that maps can be compared; less only where every share is small, and never more, so that one wild cell does not blank the rest.</summary>
    private static double Scale(ShiftMap map)
    {
        var largest = map.Values.SelectMany(r => r).Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(1).Max();
        return largest switch { > 0.5 => 1, > 0.2 => 0.5, > 0.1 => 0.2, > 0.01 => 0.1, _ => 0.01 };
    }

    private static string PartName(TextPart part) => part switch { TextPart.Prompt => "prompt", TextPart.Answer => "answer", _ => "template" };

    private static string Whole(double share) => ((int)Math.Clamp(Math.Round(100 * share), -999, 999)).ToString(CultureInfo.InvariantCulture).Replace('-', '−');

    private static string Shorten(string text, int most) => text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 2]) ? most - 2 : most - 1)] + "…";
}
