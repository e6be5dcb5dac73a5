using System.Globalization;
using Alidade.Core.Results;

namespace Alidade.Core.Reports;

/// <summary>How a report writes numbers: three significant digits, shares as percentages, a true minus sign, nothing that a line may break.</summary>
internal static class Numbers
{
    private const string Share = "share";
    private const char Space = '\u00A0', Minus = '−';
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    public static bool IsShare(string unit) => unit == Share;

    /// <summary>A value in its unit, as "52.1 %" or "3.07".</summary>
    public static string Value(double? value, string unit) =>
        value is not { } number ? "none" : IsShare(unit) ? Percent(number) : Plain(number);

    /// <summary>A difference with its sign, as "+19.2 points" or "−0.31".</summary>
    public static string Difference(double? value, string unit) =>
        value is not { } number ? "none" : Signed(number, unit) + (IsShare(unit) ? Space + "points" : "");

    /// <summary>An interval with its level, as "95 % interval 46.6 % to 57.6 %".</summary>
    public static string Interval(Interval interval, string unit) => $"{Level(interval)} {Range(interval, unit)}";

    /// <summary>An interval of a difference, as "95 % interval +12.1 to +26.0 points".</summary>
    public static string DifferenceInterval(Interval interval, string unit) => $"{Level(interval)} {DifferenceRange(interval, unit)}";

    /// <summary>The ends, the unit told once: "46.6 to 57.6 %".</summary>
    public static string Range(Interval interval, string unit) =>
        $"{(IsShare(unit) ? Hundredths(interval.Low) : Plain(interval.Low))}{Space}to{Space}{Value(interval.High, unit)}";

    public static string DifferenceRange(Interval interval, string unit) => $"{Signed(interval.Low, unit)}{Space}to{Space}{Difference(interval.High, unit)}";

    public static string Level(Interval interval) => $"{Plain(100 * interval.Level)}{Space}% interval";

    /// <summary>What stands behind a measurement: its interval and its items, as "95 % interval 46.6 to 57.6 %, 320 items".</summary>
    public static string Behind(Measurement measured) =>
        (measured.Interval is { } interval ? Interval(interval, measured.Unit) : "too few items for an interval") + ", " + Count(measured.Count, "item");

    public static string Percent(double value) => $"{Hundredths(value)}{Space}%";

    /// <summary>Three significant digits; whole numbers keep all theirs; very small and very large ones are written with a power of ten.</summary>
    public static string Plain(double value) =>
        !double.IsFinite(value) ? NotFinite(value)
        : value == Math.Round(value) && Math.Abs(value) < 1e6 ? Sign(value.ToString("#,0", Culture))
        : Digits(value);

    public static string PValue(double? value) =>
        value is not { } p ? "none" : p < 0.001 ? "< 0.001" : p.ToString(p < 0.1 ? "0.000" : "0.00", Culture);

    public static string Count(long value) => value.ToString("#,0", Culture);

    /// <summary>"1 item", "2 items".</summary>
    public static string Count(long value, string one) => $"{Count(value)} {one}{(value == 1 ? "" : "s")}";

    /// <summary>"135 M".</summary>
    public static string Parameters(long value) => value switch
    {
        >= 1_000_000_000 => $"{Digits(value / 1e9)}{Space}B",
        >= 1_000_000 => $"{Digits(value / 1e6)}{Space}M",
        _ => Count(value),
    };

    public static string Duration(double seconds)
    {
        if (!double.IsFinite(seconds) || seconds < 0)
            return "unknown time";
        if (seconds < 59.95)
            return $"{Digits(seconds)}{Space}s";
        var span = TimeSpan.FromSeconds(Math.Min(Math.Round(seconds), 1e9));
        return span.TotalHours < 1
            ? $"{span.Minutes}{Space}min {span.Seconds}{Space}s"
            : $"{Math.Floor(span.TotalHours).ToString("#,0", Culture)}{Space}h {span.Minutes}{Space}min";
    }

    public static string Cost(Cost cost) => $"{Count(cost.Tokens, "token")}, {Duration(cost.Seconds)}";

    private static string Signed(double value, string unit)
    {
        var number = IsShare(unit) ? Hundredths(value) : Plain(value);
        return value > 0 ? "+" + number : number;
    }

    /// <summary>A share times 100: three digits, but not more than two after the point unless they would all be zero.</summary>
    private static string Hundredths(double share)
    {
        var value = 100 * share;
        return value is 0 or 100 || !double.IsFinite(value) ? Plain(value)
            : Math.Abs(value) is >= 0.05 and < 0.9995 ? Sign(value.ToString("0.00", Culture))
            : Digits(value);
    }

    private static string Digits(double value)
    {
        if (!double.IsFinite(value))
            return NotFinite(value);
        if (value == 0)
            return "0";
        var magnitude = (int)Math.Floor(Math.Log10(Math.Abs(value)));

        // 9.996 rounds to 10.0 and has a digit more before the point.
        if (Math.Abs(value) >= Math.Pow(10, magnitude + 1) - (0.5 * Math.Pow(10, magnitude - 2)))
            magnitude++;
        if (magnitude is < -4 or > 8)
        {
            var exponent = magnitude < 0 ? Minus + (-magnitude).ToString(Culture) : magnitude.ToString(Culture);
            return Sign((value / Math.Pow(10, magnitude)).ToString("0.##", Culture)) + "e" + exponent;
        }

        return Sign(value.ToString(magnitude >= 2 ? "#,0" : "0." + new string('0', 2 - magnitude), Culture));
    }

    private static string NotFinite(double value) => double.IsNaN(value) ? "not a number" : value > 0 ? "infinity" : Minus + "infinity";

    private static string Sign(string number) => number.Replace('-', Minus);
}
