using System.Text;
using Alidade.Core.Reports.Page;
using static Alidade.Core.Reports.Page.Markup;

namespace Alidade.Core.Reports.Pictures;

/// <summary>A small chart of values over steps: axes, ticks, and the last value of each line written beside it.</summary>
internal static class LineChart
{
    private const double Width = 330, Height = 190, Left = 58, Right = 72, Top = 10, Bottom = 36;
    private const double PlotWidth = Width - Left - Right, PlotHeight = Height - Top - Bottom;
    private const double LabelGap = 13;

    /// <summary>Points beyond this many are drawn as the lowest and the highest of each run of neighbours: no spike is lost.</summary>
    private const int MostPoints = 400;

    public static void Draw(Markup page, CurvePanel panel)
    {
        var lines = panel.Lines.Select(l => (l.Name, Points: l.Points.Where(p => double.IsFinite(p.Value)).ToArray())).Where(l => l.Points.Length > 0).ToArray();
        var notDrawn = panel.Lines.Sum(l => l.Points.Count) - lines.Sum(l => l.Points.Length);
        using var figure = page.Open("figure.panel");
        using (page.Open("figcaption"))
        {
            page.Leaf("strong", panel.Title);
            for (var i = 0; i < lines.Length && panel.Lines.Count > 1; i++)
                Key(page, lines[i].Name, i);
            if (notDrawn > 0)
                page.Leaf("span.warn", $" {Numbers.Count(notDrawn, "value")} not finite, not drawn");
        }

        if (lines.Length == 0)
        {
            page.Leaf("p.none", "No finite values.");
            return;
        }

        Plot(page, panel.Title, lines);
    }

    private static void Plot(Markup page, string title, (string Name, CurvePoint[] Points)[] lines)
    {
        var x = Axis.Around(lines.SelectMany(l => l.Points).Select(p => (double)p.Step), ticks: 3);
        var y = Axis.Around(lines.SelectMany(l => l.Points).Select(p => p.Value), ticks: 4);

        // Steps need no room around them: the axis ends where the training did.
        var (first, last) = (lines.Min(l => l.Points[0].Step), lines.Max(l => l.Points[^1].Step));
        if (last > first)
            x = x with { Low = first, High = last };
        using var svg = page.Open("svg", ("role", "img"), ("width", At(Width)), ("height", At(Height)), ("viewBox", $"0 0 {At(Width)} {At(Height)}"));
        page.Leaf("title", $"{title} over steps: {string.Join("; ", lines.Select(l => $"{l.Name} from {Numbers.Plain(l.Points[0].Value)} to {Numbers.Plain(l.Points[^1].Value)}"))}");
        foreach (var tick in y.Ticks)
        {
            page.Empty("line.grid", ("x1", At(Left)), ("x2", At(Left + PlotWidth)), ("y1", At(Y(tick))), ("y2", At(Y(tick))));
            page.Leaf("text.tick", y.Label(tick), ("x", At(Left - 6)), ("y", At(Y(tick) + 3.5)), ("text-anchor", "end"));
        }

        page.Empty("line.axis", ("x1", At(Left)), ("x2", At(Left + PlotWidth)), ("y1", At(Top + PlotHeight)), ("y2", At(Top + PlotHeight)));
        foreach (var tick in x.Ticks.Where(t => t >= x.Low && t <= x.High && t == Math.Round(t)))
        {
            page.Empty("line.axis", ("x1", At(X(tick))), ("x2", At(X(tick))), ("y1", At(Top + PlotHeight)), ("y2", At(Top + PlotHeight + 4)));
            page.Leaf("text.tick", Numbers.Count((long)tick), ("x", At(X(tick))), ("y", At(Top + PlotHeight + 16)), ("text-anchor", "middle"));
        }

        page.Leaf("text.tick", "step", ("x", At(Left + (PlotWidth / 2))), ("y", At(Height - 4)), ("text-anchor", "middle"));
        for (var i = 0; i < lines.Length; i++)
        {
            var drawn = Thin(lines[i].Points);
            if (drawn.Count > 1)
                page.Empty($"path.line.series{i % 4}", ("d", Path(drawn)));
            using (page.Open($"circle.end.series{i % 4}", ("cx", At(X(lines[i].Points[^1].Step))), ("cy", At(Y(lines[i].Points[^1].Value))), ("r", "3")))
                page.Leaf("title", $"{lines[i].Name}, step {Numbers.Count(lines[i].Points[^1].Step)}: {Numbers.Plain(lines[i].Points[^1].Value)}");
        }

        foreach (var (line, labelY) in Spread([.. lines.Select(l => Y(l.Points[^1].Value))]))
            page.Leaf($"text.last.series{line % 4}", Numbers.Plain(lines[line].Points[^1].Value), ("x", At(Left + PlotWidth + 7)), ("y", At(labelY + 3.5)));

        double X(double step) => Left + (PlotWidth * x.Place(step));
        double Y(double value) => Top + (PlotHeight * (1 - y.Place(value)));

        string Path(IReadOnlyList<CurvePoint> points)
        {
            var path = new StringBuilder();
            foreach (var point in points)
                path.Append(path.Length == 0 ? "M" : "L").Append(At(X(point.Step))).Append(' ').Append(At(Y(point.Value)));
            return path.ToString();
        }
    }

    private static void Key(Markup page, string name, int series)
    {
        using (page.Open("span.key"))
        {
            using (page.Open("svg", ("width", "22"), ("height", "8"), ("aria-hidden", "true")))
                page.Empty($"path.line.series{series % 4}", ("d", "M1 4L21 4"));
            page.Text(" " + name);
        }
    }

    /// <summary>Label heights in order, moved apart so that none lies on another.</summary>
    private static IEnumerable<(int Line, double Y)> Spread(double[] wanted)
    {
        var lowest = double.NegativeInfinity;
        foreach (var line in Enumerable.Range(0, wanted.Length).OrderBy(i => wanted[i]))
        {
            lowest = Math.Max(wanted[line], lowest + LabelGap);
            yield return (line, lowest);
        }
    }

    private static IReadOnlyList<CurvePoint> Thin(CurvePoint[] points)
    {
        if (points.Length <= MostPoints)
            return points;
        var size = (int)Math.Ceiling(points.Length / (MostPoints / 2.0));
        return [.. points.Chunk(size).SelectMany(c => ((CurvePoint[])[c.MinBy(p => p.Value)!, c.MaxBy(p => p.Value)!]).OrderBy(p => p.Step))];
    }
}
