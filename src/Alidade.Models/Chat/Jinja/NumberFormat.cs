using System.Globalization;
using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>Numbers in a given number of digits, rounded from their exact binary value, ties to even, as C and Python do (2.25 to one digit is 2.2).</summary>
internal static class NumberFormat
{
    private const int MostDigits = 400;

    /// <summary>Digits after the point; no sign.</summary>
    public static string Fixed(double value, int digits)
    {
        CheckDigits(digits);
        if (!double.IsFinite(value))
            return NotFinite(value);
        var rounded = Scaled(value, digits).ToString(CultureInfo.InvariantCulture).PadLeft(digits + 1, '0');
        return digits == 0 ? rounded : rounded[..^digits] + "." + rounded[^digits..];
    }

    /// <summary>One digit, a point, <paramref name="digits"/> more, and an exponent of at least two digits; no sign.</summary>
    public static string Exponential(double value, int digits)
    {
        CheckDigits(digits);
        if (!double.IsFinite(value))
            return NotFinite(value);
        var exponent = ExponentOf(value, digits, out var mantissa);
        var text = mantissa.ToString(CultureInfo.InvariantCulture).PadLeft(digits + 1, '0');
        return FormattableString.Invariant($"{text[..1]}{(digits > 0 ? "." + text[1..] : "")}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    /// <summary>C's <c>%g</c>: <paramref name="digits"/> significant digits, an exponent where the number is small or large, no zeros at the end.</summary>
    public static string General(double value, int digits, bool keepZeros = false)
    {
        CheckDigits(digits);
        if (!double.IsFinite(value))
            return NotFinite(value);
        digits = Math.Max(1, digits);
        var exponent = ExponentOf(value, digits - 1, out _);
        if (exponent < -4 || exponent >= digits)
        {
            var text = Exponential(value, digits - 1);
            var e = text.IndexOf('e', StringComparison.Ordinal);
            return (keepZeros ? text[..e] : Trimmed(text[..e])) + text[e..];
        }

        var plain = Fixed(value, digits - 1 - exponent);
        return keepZeros ? plain : Trimmed(plain);
    }

    /// <summary>Python's <c>round(value, digits)</c> for a float; digits may be negative.</summary>
    public static double Round(double value, int digits)
    {
        if (!double.IsFinite(value) || digits > 320)
            return value;
        if (digits < -310)
            return Math.CopySign(0, value);
        var scaled = Scaled(value, digits);
        var text = FormattableString.Invariant($"{scaled}E{-digits}");
        return Math.CopySign(double.Parse(text, CultureInfo.InvariantCulture), value);
    }

    /// <summary>An integer rounded to a power of ten, ties to even.</summary>
    public static BigInteger Round(BigInteger value, int digits)
    {
        if (digits >= 0)
            return value;
        if (digits < -Printing.IntegerDigits)
            return BigInteger.Zero;
        var unit = BigInteger.Pow(10, -digits);
        return DivideToEven(BigInteger.Abs(value), unit) * unit * value.Sign;
    }

    private static void CheckDigits(int digits)
    {
        if (digits > MostDigits)
            throw JinjaException.Value(FormattableString.Invariant($"a number cannot be printed with {digits} digits; {MostDigits} are the most"));
    }

    private static string NotFinite(double value) => double.IsNaN(value) ? "nan" : "inf";

    private static string Trimmed(string text) => text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;

    // |value| * 10^digits, rounded to an integer.
    private static BigInteger Scaled(double value, int digits)
    {
        var (numerator, denominator) = Fraction(Math.Abs(value));
        if (digits >= 0)
            numerator *= BigInteger.Pow(10, digits);
        else
            denominator *= BigInteger.Pow(10, -digits);
        return DivideToEven(numerator, denominator);
    }

    private static int ExponentOf(double value, int digits, out BigInteger mantissa)
    {
        mantissa = BigInteger.Zero;
        if (value == 0)
            return 0;
        var exponent = (int)Math.Floor(Math.Log10(Math.Abs(value)));
        // The logarithm may be off by one, and rounding may carry into another digit.
        for (exponent -= 1; ; exponent++)
        {
            mantissa = Scaled(value, digits - exponent);
            if (mantissa < BigInteger.Pow(10, digits + 1))
                return exponent;
        }
    }

    private static (BigInteger Numerator, BigInteger Denominator) Fraction(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = bits & 0xFFFFFFFFFFFFF;
        if (exponent == 0)
            exponent++;
        else
            mantissa |= 1L << 52;
        exponent -= 1075;
        return exponent >= 0 ? ((BigInteger)mantissa << exponent, BigInteger.One) : (mantissa, BigInteger.One << -exponent);
    }

    private static BigInteger DivideToEven(BigInteger numerator, BigInteger denominator)
    {
        var quotient = BigInteger.DivRem(numerator, denominator, out var remainder);
        var twice = (remainder * 2).CompareTo(denominator);
        return twice > 0 || (twice == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }
}
