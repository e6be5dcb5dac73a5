using Alidade.Core.Reports.Page;
using Alidade.Core.Results;
using static Alidade.Core.Reports.Page.Markup;

namespace Alidade.Core.Reports.Pictures;

/// <summary>
/// One measure before (hollow, above) and after (filled, below) with the whiskers of their intervals, on the measure's own scale: 0 to 100 % for shares,
/// else just wide enough. Positions are percentages, so the row fits any width without scaling its text.
/// </summary>
internal static class DotRow
{
    private const double BeforeY = 14, AfterY = 30, AxisY = 44, TickY = 58, Height = 62;

    public static void Draw(Markup page, string name, Measurement before, Measurement after)
    {
        var axis = AxisOf(after.Unit, Shown(before).Concat(Shown(after)));
        using var svg = page.Open("svg.dotrow", ("role", "img"), ("width", "100%"), ("height", At(Height)));
        page.Leaf("title", $"{name}: {Described(before, "before")}, {Described(after, "after")}. {DirectionWords(after)}.");
        Frame(page, axis, after);
        if (before.Value is { } from && after.Value is { } to)
            page.Empty("line.link", ("x1", Percent(axis, from)), ("x2", Percent(axis, to)), ("y1", At(BeforeY)), ("y2", At(AfterY)));
        Side(page, axis, before, "before", BeforeY);
        Side(page, axis, after, "after", AfterY);
    }

    /// <summary>One measurement alone.</summary>
    public static void Draw(Markup page, string name, Measurement measurement)
    {
        var axis = AxisOf(measurement.Unit, Shown(measurement));
        using var svg = page.Open("svg.dotrow", ("role", "img"), ("width", "100%"), ("height", At(Height)));
        page.Leaf("title", $"{name}: {Described(measurement, "measured")}. {DirectionWords(measurement)}.");
        Frame(page, axis, measurement);
        Side(page, axis, measurement, "after", (BeforeY + AfterY) / 2);
    }

    /// <summary>Which way is good, as an arrow and words.</summary>
    public static string DirectionWords(Measurement measurement) => measurement.Direction switch
    {
        Direction.Higher => "higher is better →",
        Direction.Lower => "← lower is better",
        Direction.TowardsIdeal when measurement.Ideal is { } ideal => $"closer to {Numbers.Value(ideal, measurement.Unit)} is better",
        _ => "neither way is better",
    };

    private static Axis AxisOf(string unit, IEnumerable<double> shown) => Numbers.IsShare(unit) && shown.All(s => s is >= 0 and <= 1) ? Axis.Share : Axis.Around(shown, ticks: 4);

    private static void Frame(Markup page, Axis axis, Measurement measurement)
    {
        var unit = measurement.Unit;
        foreach (var tick in axis.Ticks)
        {
            page.Empty("line.grid", ("x1", Percent(axis, tick)), ("x2", Percent(axis, tick)), ("y1", "4"), ("y2", At(AxisY)));
            page.Leaf("text.tick", Numbers.IsShare(unit) ? $"{Numbers.Plain(100 * tick)}\u00A0%" : axis.Label(tick), ("x", Percent(axis, tick)), ("y", At(TickY)), ("text-anchor", "middle"));
        }

        page.Empty("line.axis", ("x1", "0%"), ("x2", "100%"), ("y1", At(AxisY)), ("y2", At(AxisY)));
        if (measurement.Direction == Direction.TowardsIdeal && measurement.Ideal is { } ideal && ideal >= axis.Low && ideal <= axis.High)
            using (page.Open("line.ideal", ("x1", Percent(axis, ideal)), ("x2", Percent(axis, ideal)), ("y1", "2"), ("y2", At(AxisY))))
                page.Leaf("title", $"best value {Numbers.Value(ideal, unit)}");
    }

    private static void Side(Markup page, Axis axis, Measurement measurement, string side, double y)
    {
        if (measurement.Interval is { } interval)
        {
            page.Empty($"line.whisker.{side}", ("x1", Percent(axis, interval.Low)), ("x2", Percent(axis, interval.High)), ("y1", At(y)), ("y2", At(y)));
            foreach (var end in (double[])[interval.Low, interval.High])
                page.Empty($"line.whisker.{side}", ("x1", Percent(axis, end)), ("x2", Percent(axis, end)), ("y1", At(y - 4)), ("y2", At(y + 4)));
        }

        if (measurement.Value is { } value)
            using (page.Open($"circle.dot.{side}", ("cx", Percent(axis, value)), ("cy", At(y)), ("r", "5.5")))
                page.Leaf("title", Described(measurement, side));
    }

    private static IEnumerable<double> Shown(Measurement m)
    {
        if (m.Value is { } value)
            yield return value;
        if (m.Interval is { } interval)
        {
            yield return interval.Low;
            yield return interval.High;
        }
    }

    private static string Described(Measurement m, string side) =>
        m.Interval is { } interval ? $"{side} {Numbers.Value(m.Value, m.Unit)} ({Numbers.Interval(interval, m.Unit)})" : $"{side} {Numbers.Value(m.Value, m.Unit)}";

    private static string Percent(Axis axis, double value) => At(100 * axis.Place(value)) + "%";
}
