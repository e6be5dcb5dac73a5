using Alidade.Core.Reports.Page;
using Alidade.Core.Statistics;
using static Alidade.Core.Reports.Page.Markup;

namespace Alidade.Core.Reports.Pictures;

/// <summary>Receiver operating characteristic before (dashed) and after (solid), with the diagonal of guessing and the mark at 1 % false alarms.</summary>
internal static class RocChart
{
    private const double Size = 220, Left = 52, Top = 10, Width = Left + Size + 20, Height = Top + Size + 40;

    public static void Draw(Markup page, MembershipReading reading)
    {
        using var figure = page.Open("figure.panel");
        page.Leaf("figcaption", "Share of training rows found against share of false alarms. The closer to the diagonal, the less is leaked.");
        using var svg = page.Open("svg", ("role", "img"), ("width", At(Width)), ("height", At(Height)), ("viewBox", $"0 0 {At(Width)} {At(Height)}"));
        var before = reading.Before is { } control ? $"before {Numbers.Plain(control.Auroc.Value ?? double.NaN)}, " : "";
        page.Leaf("title", $"ROC of {reading.Attack}: area {before}after {Numbers.Plain(reading.After.Auroc.Value ?? double.NaN)}; the diagonal has 0.5");
        foreach (var tick in Axis.Share.Ticks)
        {
            var label = $"{Numbers.Plain(100 * tick)}\u00A0%";
            page.Empty("line.grid", ("x1", At(Left)), ("x2", At(Left + Size)), ("y1", At(Y(tick))), ("y2", At(Y(tick))));
            page.Leaf("text.tick", label, ("x", At(Left - 6)), ("y", At(Y(tick) + 3.5)), ("text-anchor", "end"));
            page.Empty("line.grid", ("x1", At(X(tick))), ("x2", At(X(tick))), ("y1", At(Top)), ("y2", At(Top + Size)));
            page.Leaf("text.tick", label, ("x", At(X(tick))), ("y", At(Top + Size + 16)), ("text-anchor", "middle"));
        }

        page.Leaf("text.tick", "false alarms among held-out rows", ("x", At(Left + (Size / 2))), ("y", At(Height - 6)), ("text-anchor", "middle"));
        page.Empty("line.guess", ("x1", At(X(0))), ("y1", At(Y(0))), ("x2", At(X(1))), ("y2", At(Y(1))));
        page.Empty("line.ideal", ("x1", At(X(0.01))), ("x2", At(X(0.01))), ("y1", At(Top)), ("y2", At(Top + Size)));
        if (reading.Before is { } side)
            Curve(page, side.Curve, "series1");
        Curve(page, reading.After.Curve, "series0");
    }

    private static void Curve(Markup page, IReadOnlyList<RocPoint> curve, string series)
    {
        if (curve.Count > 0)
            page.Empty($"path.line.{series}", ("d", "M" + string.Join("L", curve.Select(p => $"{At(X(p.FalsePositiveRate))} {At(Y(p.TruePositiveRate))}"))));
    }

    private static double X(double rate) => Left + (Size * Axis.Share.Place(rate));

    private static double Y(double rate) => Top + (Size * (1 - Axis.Share.Place(rate)));
}
