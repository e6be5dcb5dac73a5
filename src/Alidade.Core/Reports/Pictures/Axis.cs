using System.Globalization;

namespace Alidade.Core.Reports.Pictures;

/// <summary>A linear axis with ticks at 1, 2 or 5 times a power of ten.</summary>
/// <param name="Low">Value at the axis's begin.</param>
/// <param name="High">Value at its end, above <paramref name="Low"/>.</param>
/// <param name="Ticks">Values with a mark, in order.</param>
/// <param name="Step">Distance between ticks.</param>
internal sealed record Axis(double Low, double High, IReadOnlyList<double> Ticks, double Step)
{
    /// <summary>From 0 to 1 with ticks at the quarters.</summary>
    public static Axis Share { get; } = new(0, 1, [0, 0.25, 0.5, 0.75, 1], 0.25);

    /// <summary>An axis whose ends are ticks and that holds all values; values that are not finite are passed over.</summary>
    /// <param name="values">What it must hold.</param>
    /// <param name="ticks">About how many steps.</param>
    public static Axis Around(IEnumerable<double> values, int ticks = 4)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values.Where(double.IsFinite))
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        if (low > high)
            return Share;

        // A constant line still needs a height to stand in.
        var span = high - low;
        if (!(span > 1e-9 * Math.Max(Math.Abs(low), Math.Abs(high))))
        {
            var margin = low == 0 ? 1 : Math.Abs(low) / 2;
            (low, high) = (low - margin, high + margin);
        }

        var step = NiceStep((high / ticks) - (low / ticks));
        var (first, last) = (Math.Floor((low / step) + 1e-9), Math.Ceiling((high / step) - 1e-9));
        if (!double.IsFinite(step) || !(last - first <= 50))
            return Share;
        return new(first * step, last * step, [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)], step);
    }

    /// <summary>Where a value lies, 0 at the begin and 1 at the end; values outside lie at the nearer end.</summary>
    public double Place(double value) => Math.Clamp((value - Low) / (High - Low), 0, 1);

    /// <summary>A tick's label with as many digits as the step needs.</summary>
    public string Label(double tick)
    {
        if (Math.Abs(tick) < Step / 1e6)
            return "0";
        var largest = Math.Max(Math.Abs(Low), Math.Abs(High));
        var text = largest is >= 1e5 or < 1e-2
            ? tick.ToString("0.##e0", CultureInfo.InvariantCulture)
            : tick.ToString("0." + new string('0', Math.Clamp((int)Math.Ceiling(-Math.Log10(Step) - 1e-9), 0, 8)), CultureInfo.InvariantCulture);
        return text.Replace('-', '−');
    }

    private static double NiceStep(double raw)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        return (raw / power) switch { <= 1.0000001 => 1, <= 2.0000001 => 2, <= 5.0000001 => 5, _ => 10 } * power;
    }
}
