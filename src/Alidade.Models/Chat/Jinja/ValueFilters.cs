using System.Globalization;
using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>Filters on numbers and on values of any type.</summary>
internal static class ValueFilters
{
    public static IEnumerable<(string Name, string? Parameters, FilterBody Body)> All { get; } =
    [
        ("default", "default_value?, boolean?", (_, v, a) => v is Undefined || (a.Flag(1) && !Operators.IsTrue(v)) ? a.Get(0, Str.Empty) : v),
        ("attr", "name", (_, v, a) => v is PyDict dict && a.Text(0).Value is var name && ContainerMethods.Find(dict, name) is null
            ? Undefined.Of(v, a.Text(0)) : Access.GetAttribute(v, a.Text(0).Value)),
        ("abs", "", (_, v, _) => Operators.Number(v) switch
        {
            BigInteger number => BigInteger.Abs(number),
            double number => Math.Abs(number),
            _ => throw Bad("abs()", v),
        }),
        ("int", "default?, base?", (_, v, a) => ToInteger(v, a.Int(1, 10)) ?? a.Get(0, BigInteger.Zero)),
        ("float", "default?", (_, v, a) => ToFloat(v) ?? a.Get(0, 0.0)),
        ("round", "precision?, method?", (_, v, a) => Round(v, a.Int(0, 0), a.Text(1, "common").Value)),
        ("filesizeformat", "binary?", (_, v, a) => FileSize(ToFloat(v) as double? ?? throw Bad("filesizeformat", v), a.Flag(0))),
        ("tojson", "ensure_ascii?, indent?, separators?, sort_keys?", ToJson),
    ];

    private static JinjaException Bad(string what, object value) => value is Undefined undefined ? undefined.Failure
        : JinjaException.Type($"bad operand type for {what}: '{Types.NameOf(value)}'");

    private static object? ToInteger(object value, int radix) => value switch
    {
        Str text => PyNumbers.ParseInteger(text.Value, radix) ?? (PyNumbers.ParseFloat(text.Value) is { } number ? Truncated(number) : null),
        Undefined undefined => throw undefined.Failure,
        _ => Operators.Number(value) switch
        {
            BigInteger number => number,
            double number when double.IsInfinity(number) => throw JinjaException.Limit("cannot convert float infinity to integer"),
            double number => Truncated(number),
            _ => null,
        },
    };

    private static object? Truncated(double value) => double.IsFinite(value) ? new BigInteger(Math.Truncate(value)) : null;

    private static object? ToFloat(object value) => value switch
    {
        Str text => PyNumbers.ParseFloat(text.Value),
        Undefined undefined => throw undefined.Failure,
        _ => Operators.Number(value) is { } number ? Operators.ToDouble(number) : null,
    };

    private static object Round(object value, int digits, string method)
    {
        if (method is not ("common" or "ceil" or "floor"))
            throw new JinjaException("FilterArgumentError", "method must be common, ceil or floor");
        var number = Operators.Number(value) ?? throw Bad("round()", value);
        if (method == "common")
            return number is BigInteger integer ? NumberFormat.Round(integer, digits) : NumberFormat.Round((double)number, digits);
        var unit = Math.Pow(10, digits);
        var scaled = Operators.ToDouble(number) * unit;
        return (method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) / unit;
    }

    private static Str FileSize(double bytes, bool binary)
    {
        if (bytes == 1)
            return new Str("1 Byte");
        var unit = binary ? 1024.0 : 1000.0;
        if (bytes < unit)
            return new Str(FormattableString.Invariant($"{Math.Truncate(bytes)} Bytes"));
        const string Prefixes = "kMGTPEZY";
        var i = 0;
        for (bytes /= unit; bytes >= unit && i < Prefixes.Length - 1; i++)
            bytes /= unit;
        return new Str($"{NumberFormat.Fixed(bytes, 1)} {(binary ? char.ToUpperInvariant(Prefixes[i]) + "i" : Prefixes[i])}B");
    }

    private static Str ToJson(Evaluator evaluator, object value, Bound a)
    {
        var indent = a[1] switch
        {
            null or None => null,
            Str text => text.Value,
            _ => new string(' ', Math.Clamp(a.Int(1, 0), 0, 1000)),
        };
        var (item, key) = (new Str(indent is null ? ", " : ","), new Str(": "));
        if (a[2] is not (null or None))
            (item, key) = Operators.ToList(a[2]!) is [Str i, Str k] ? (i, k) : throw JinjaException.Type("separators must be two strings");
        return Json.Write(value, new(a.Flag(0), indent, item, key, a.Flag(3)));
    }
}

/// <summary>Numbers read as Python's <c>int()</c> and <c>float()</c> read text.</summary>
internal static class PyNumbers
{
    public static BigInteger? ParseInteger(string text, int radix)
    {
        var digits = TextOperations.Strip(new Str(text), null, true, true).Value;
        var negative = digits.StartsWith('-');
        if (digits.StartsWith('-') || digits.StartsWith('+'))
            digits = digits[1..];
        var prefix = digits.Length > 2 && digits[0] == '0' ? char.ToLowerInvariant(digits[1]) : '\0';
        var prefixRadix = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 0;
        if (prefixRadix != 0 && (radix == 0 || radix == prefixRadix))
            (digits, radix) = (digits[2..].TrimStart('_'), prefixRadix);
        if (radix == 0)
            radix = 10;
        if (radix is < 2 or > 36 || digits.Length is 0 or > Printing.IntegerDigits || digits.StartsWith('_') || digits.EndsWith('_')
            || digits.Contains("__", StringComparison.Ordinal))
            return null;
        var value = BigInteger.Zero;
        foreach (var c in digits.Where(c => c != '_'))
        {
            var digit = char.IsAsciiLetter(c) ? char.ToLowerInvariant(c) - 'a' + 10 : CharUnicodeInfo.GetDecimalDigitValue(c);
            if (digit < 0 || digit >= radix)
                return null;
            value = value * radix + digit;
        }

        return negative ? -value : value;
    }

    public static double? ParseFloat(string text)
    {
        var trimmed = TextOperations.Strip(new Str(text), null, true, true).Value.ToLowerInvariant();
        switch (trimmed.TrimStart('+', '-'))
        {
            case "inf" or "infinity":
                return trimmed[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            case "nan":
                return double.NaN;
        }

        var digits = string.Concat(trimmed.Where(c => c != '_').Select(c => CharUnicodeInfo.GetDecimalDigitValue(c) is >= 0 and var d ? (char)('0' + d) : c));
        return digits.All(c => char.IsAsciiDigit(c) || c is '.' or 'e' or '+' or '-')
            && double.TryParse(digits, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value)
            ? value : null;
    }
}
