using System.Globalization;
using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>Python's <c>'…' % values</c>.</summary>
internal static class PercentFormat
{
    public static Str Apply(Str format, object values)
    {
        var arguments = values is PyTuple tuple ? tuple.Items : [values];
        var reader = new Reader(format, arguments, values as PyDict);
        return reader.Run();
    }

    private sealed class Reader(Str format, IReadOnlyList<object> arguments, PyDict? mapping)
    {
        private readonly string text = format.Value;
        private readonly TextBuilder result = new();
        private int position;
        private int used;
        private bool usedMapping;

        public Str Run()
        {
            while (position < text.Length)
            {
                var percent = text.IndexOf('%', position);
                if (percent < 0)
                    percent = text.Length;
                result.Append(format, position, percent - position);
                position = percent + 1;
                if (percent < text.Length)
                    WriteField();
            }

            if (used < arguments.Count && !usedMapping && mapping is null)
                throw JinjaException.Type("not all arguments converted during string formatting");
            return result.ToStr(format.IsMarkup);
        }

        private void WriteField()
        {
            object? keyed = null;
            if (At('('))
            {
                var close = text.IndexOf(')', position);
                if (close < 0 || mapping is null)
                    throw JinjaException.Type("format requires a mapping");
                var key = text[(position + 1)..close];
                keyed = mapping.Find(key) ?? throw new JinjaException("KeyError", $"'{key}'");
                usedMapping = true;
                position = close + 1;
            }

            var flags = "";
            while (position < text.Length && "#0- +".Contains(text[position], StringComparison.Ordinal))
                flags += text[position++];
            var width = Number() ?? 0;
            if (width < 0)
                (flags, width) = (flags + "-", -width);
            int? precision = null;
            if (At('.'))
            {
                position++;
                precision = Number() ?? 0;
            }

            if (position >= text.Length)
                throw JinjaException.Value("incomplete format");
            var type = text[position++];
            if (type == '%')
            {
                result.Append("%");
                return;
            }

            Write(type, keyed ?? Next(), flags, width, precision);
        }

        private bool At(char c) => position < text.Length && text[position] == c;

        private int? Number()
        {
            if (At('*'))
            {
                position++;
                return Next() is BigInteger number && BigInteger.Abs(number) < Limits.Characters ? (int)number : throw JinjaException.Type("* wants int");
            }

            var start = position;
            while (position < text.Length && char.IsAsciiDigit(text[position]))
                position++;
            if (position == start)
                return null;
            return int.TryParse(text.AsSpan(start, position - start), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= Limits.Characters
                ? value : throw JinjaException.Value("width too big");
        }

        private object Next() => used < arguments.Count ? arguments[used++] : throw JinjaException.Type("not enough arguments for format string");

        private void Write(char type, object value, string flags, int width, int? precision)
        {
            if (type is 's' or 'r' or 'a' or 'c')
            {
                var shown = type switch
                {
                    's' => Printing.ToStr(value),
                    'c' when value is Str => (Str)value,
                    'c' => new Str(PyText.FromCode(Code(value))),
                    _ => Printing.ReprStr(value),
                };
                if (format.IsMarkup)
                    shown = Printing.Escape(shown);
                if (precision is { } most && shown.Count > most)
                    shown = shown.Cut(0, shown.Offset(most));
                Pad(shown, flags, width);
                return;
            }

            var number = Operators.Number(value)
                ?? throw (value is Undefined undefined ? undefined.Failure : JinjaException.Type($"%{type} format: a real number is required, not {Types.NameOf(value)}"));
            var digits = type switch
            {
                'd' or 'i' or 'u' => BigInteger.Abs(Whole(number)).ToString(CultureInfo.InvariantCulture).PadLeft(Math.Min(precision ?? 0, 10000), '0'),
                'x' => Prefixed("0x", NumberText.Radix(Whole(number), 16), flags),
                'X' => Prefixed("0X", NumberText.Radix(Whole(number), 16).ToUpperInvariant(), flags),
                'o' => Prefixed("0o", NumberText.Radix(Whole(number), 8), flags),
                'f' or 'F' => NumberFormat.Fixed(Operators.ToDouble(number), precision ?? 6),
                'e' => NumberFormat.Exponential(Operators.ToDouble(number), precision ?? 6),
                'E' => NumberFormat.Exponential(Operators.ToDouble(number), precision ?? 6).ToUpperInvariant(),
                'g' => NumberFormat.General(Operators.ToDouble(number), precision ?? 6, flags.Contains('#', StringComparison.Ordinal)),
                'G' => NumberFormat.General(Operators.ToDouble(number), precision ?? 6).ToUpperInvariant(),
                _ => throw JinjaException.Value($"unsupported format character '{type}'"),
            };
            var isNegative = "diuxXo".Contains(type, StringComparison.Ordinal) ? Whole(number) < 0 : double.IsNegative(Operators.ToDouble(number));
            var sign = isNegative ? "-" : flags.Contains('+', StringComparison.Ordinal) ? "+" : flags.Contains(' ', StringComparison.Ordinal) ? " " : "";
            if (flags.Contains('0', StringComparison.Ordinal) && !flags.Contains('-', StringComparison.Ordinal))
                digits = digits.PadLeft(Math.Max(0, width - sign.Length), '0');
            Pad(new Str(sign + digits), flags, width);
        }

        private static string Prefixed(string prefix, string digits, string flags) => flags.Contains('#', StringComparison.Ordinal) ? prefix + digits : digits;

        private static int Code(object value) => value is BigInteger number && number >= 0 && number <= 0x10FFFF ? (int)number
            : throw JinjaException.Type("%c requires int or char");

        private static BigInteger Whole(object number) => number is BigInteger integer ? integer
            : double.IsFinite((double)number) ? new BigInteger((double)number) : throw JinjaException.Limit("cannot convert float infinity to integer");

        private void Pad(Str shown, string flags, int width)
        {
            var missing = Math.Max(0, width - shown.Count);
            var left = flags.Contains('-', StringComparison.Ordinal);
            result.AppendRepeated(" ", left ? 0 : missing);
            result.Append(shown);
            result.AppendRepeated(" ", left ? missing : 0);
        }
    }
}

/// <summary>Integers in another radix.</summary>
internal static class NumberText
{
    /// <summary>The digits of |value|.</summary>
    public static string Radix(BigInteger value, int radix)
    {
        value = BigInteger.Abs(value);
        var digits = new List<char>();
        do
        {
            digits.Add("0123456789abcdef"[(int)(value % radix)]);
            value /= radix;
        }
        while (!value.IsZero);
        digits.Reverse();
        return string.Concat(digits);
    }
}
