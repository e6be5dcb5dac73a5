using System.Globalization;
using System.Numerics;
using System.Text;

namespace Alidade.Models.Chat.Jinja;

/// <summary>Python's <c>'…{0:>5}…'.format(…)</c>; attributes and keys in a field go through the sandbox.</summary>
internal static class BraceFormat
{
    public static Str Apply(Str format, Arguments arguments)
    {
        var automatic = 0;
        return Apply(format, arguments, ref automatic, depth: 2);
    }

    private static Str Apply(Str format, Arguments arguments, ref int automatic, int depth)
    {
        if (depth == 0)
            throw JinjaException.Value("Max string recursion exceeded");
        var text = format.Value;
        var result = new TextBuilder();
        for (var i = 0; i < text.Length;)
        {
            if (text[i] is not ('{' or '}'))
            {
                var next = text.AsSpan(i).IndexOfAny('{', '}');
                next = next < 0 ? text.Length - i : next;
                result.Append(format, i, next);
                i += next;
            }
            else if (i + 1 < text.Length && text[i + 1] == text[i])
            {
                result.Append(format, i, 1);
                i += 2;
            }
            else if (text[i] == '}')
                throw JinjaException.Value("Single '}' encountered in format string");
            else
            {
                var end = FieldEnd(text, i + 1);
                result.Append(Field(new Str(text[(i + 1)..end]), arguments, ref automatic, depth, format.IsMarkup));
                i = end + 1;
            }
        }

        return result.ToStr(format.IsMarkup);
    }

    private static int FieldEnd(string text, int from)
    {
        var open = 1;
        for (var i = from; i < text.Length; i++)
        {
            open += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
            if (open == 0)
                return i;
        }

        throw JinjaException.Value("expected '}' before end of string");
    }

    private static Str Field(Str field, Arguments arguments, ref int automatic, int depth, bool escape)
    {
        var text = field.Value;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? text : text[..colon];
        var conversion = '\0';
        var bang = name.IndexOf('!', StringComparison.Ordinal);
        if (bang >= 0)
        {
            if (name.Length != bang + 2)
                throw JinjaException.Value("expected ':' after conversion specifier");
            conversion = name[^1];
            name = name[..bang];
        }

        var value = Lookup(name, arguments, ref automatic);
        var spec = colon < 0 ? "" : Apply(new Str(text[(colon + 1)..]), arguments, ref automatic, depth - 1).Value;
        value = conversion switch
        {
            '\0' => value,
            's' => Printing.ToStr(value),
            'r' or 'a' => Printing.ReprStr(value),
            _ => throw JinjaException.Value($"Unknown conversion specifier '{conversion}'"),
        };
        var shown = Format(value, spec);
        return escape ? Printing.Escape(shown) : shown;
    }

    private static object Lookup(string name, Arguments arguments, ref int automatic)
    {
        var end = name.AsSpan().IndexOfAny('.', '[');
        var first = end < 0 ? name : name[..end];
        // −1 once fields have been numbered by hand: the two ways do not mix.
        if (first.Length == 0 ? automatic < 0 : char.IsAsciiDigit(first[0]) && automatic > 0)
            throw JinjaException.Value("fields numbered by hand and fields without a number cannot be mixed");
        if (first.Length > 0 && char.IsAsciiDigit(first[0]))
            automatic = -1;
        var index = first.Length == 0 ? automatic++ : int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
        var value = index >= 0
            ? index < arguments.Positional.Count ? arguments.Positional[index] : throw new JinjaException("IndexError", "Replacement index out of range")
            : arguments.Find(first) ?? throw new JinjaException("KeyError", $"'{first}'");
        for (var i = first.Length; i < name.Length;)
        {
            if (name[i] == '.')
            {
                var stop = name.AsSpan(i + 1).IndexOfAny('.', '[');
                stop = stop < 0 ? name.Length : i + 1 + stop;
                value = Access.GetAttribute(value, name[(i + 1)..stop]);
                i = stop;
                continue;
            }

            if (name[i] != '[')
                throw JinjaException.Value("Only '.' or '[' may follow ']' in format field specifier");
            var close = name.IndexOf(']', i);
            if (close < 0)
                throw JinjaException.Value("Missing ']' in format string");
            var key = name[(i + 1)..close];
            value = Access.GetItem(value, BigInteger.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var item) ? item : new Str(key));
            i = close + 1;
        }

        return value;
    }

    /// <summary>Python's <c>format(value, spec)</c>.</summary>
    public static Str Format(object value, string spec)
    {
        if (spec.Length == 0)
            return Printing.ToStr(value);
        var s = Spec.Parse(spec);
        if (value is Str text)
        {
            if (s.Type is not ('\0' or 's'))
                throw JinjaException.Value($"Unknown format code '{s.Type}' for object of type 'str'");
            var cut = s.Precision is { } most && text.Count > most ? text.Cut(0, text.Offset(most)) : text;
            return Align(cut, s, '<');
        }

        if (Operators.Number(value) is not { } number || (value is bool && s.Type == '\0'))
            return value is bool ? Align(Printing.ToStr(value), s, '<')
                : throw JinjaException.Type($"unsupported format string passed to {Types.NameOf(value)}.__format__");
        var digits = (number is BigInteger && s.Type is ('\0' or 'n')) || s.Type is 'd' or 'x' or 'X' or 'o' or 'b' or 'c' ? Integer(number, s) : Float(number, s);
        var negative = number is BigInteger whole ? whole < 0 : double.IsNegative((double)number);
        var sign = negative ? "-" : s.Sign is '+' or ' ' ? s.Sign.ToString() : "";
        if (s.ZeroPad)
            digits = digits.PadLeft(Math.Max(0, s.Width - sign.Length), '0');
        return Align(new Str(sign + digits), s, '>');
    }

    private static string Integer(object number, Spec s)
    {
        if (number is not BigInteger value)
            throw JinjaException.Value($"Unknown format code '{s.Type}' for object of type 'float'");
        var prefix = s.Alternate ? "0" + s.Type : "";
        return s.Type switch
        {
            'x' => prefix + NumberText.Radix(value, 16),
            'X' => prefix + NumberText.Radix(value, 16).ToUpperInvariant(),
            'o' => prefix + NumberText.Radix(value, 8),
            'b' => prefix + NumberText.Radix(value, 2),
            'c' when value >= 0 && value <= 0x10FFFF => PyText.FromCode((int)value),
            _ => Grouped(BigInteger.Abs(value).ToString(CultureInfo.InvariantCulture), s.Grouping),
        };
    }

    private static string Float(object number, Spec s)
    {
        var value = Math.Abs(Operators.ToDouble(number));
        var text = s.Type switch
        {
            'f' or 'F' => NumberFormat.Fixed(value, s.Precision ?? 6),
            'e' => NumberFormat.Exponential(value, s.Precision ?? 6),
            'E' => NumberFormat.Exponential(value, s.Precision ?? 6).ToUpperInvariant(),
            'g' or 'n' => NumberFormat.General(value, s.Precision ?? 6, s.Alternate),
            'G' => NumberFormat.General(value, s.Precision ?? 6, s.Alternate).ToUpperInvariant(),
            '%' => NumberFormat.Fixed(value * 100, s.Precision ?? 6) + "%",
            '\0' when s.Precision is { } digits => NumberFormat.General(value, digits),
            '\0' => Printing.Float(value),
            _ => throw JinjaException.Value($"Unknown format code '{s.Type}' for object of type '{Types.NameOf(number)}'"),
        };
        var end = text.AsSpan().IndexOfAny(".e%");
        end = end < 0 ? text.Length : end;
        return Grouped(text[..end], s.Grouping) + text[end..];
    }

    private static string Grouped(string digits, char separator)
    {
        if (separator == '\0')
            return digits;
        var grouped = new StringBuilder(digits);
        for (var i = digits.Length - 3; i > 0; i -= 3)
            grouped.Insert(i, separator);
        return grouped.ToString();
    }

    private static Str Align(Str text, Spec s, char usual)
    {
        var missing = Math.Max(0, s.Width - text.Count);
        var align = s.Align == '\0' ? usual : s.Align;
        var left = align switch
        {
            '<' => 0,
            '^' => missing / 2,
            _ => missing,
        };
        return TextOperations.Surround(text, left, missing - left, s.Fill);
    }

    // [[fill]align][sign][#][0][width][grouping][.precision][type]
    private sealed record Spec(string Fill, char Align, char Sign, bool Alternate, bool ZeroPad, int Width, char Grouping, int? Precision, char Type)
    {
        public static Spec Parse(string text)
        {
            var i = 0;
            var (fill, align) = (" ", '\0');
            var width = PyText.WidthAt(text, 0);
            if (text.Length > width && IsAlign(text[width]))
            {
                (fill, align) = (text[..width], text[width]);
                i = width + 1;
            }
            else if (IsAlign(text[0]))
                align = text[i++];

            var sign = Take("+- ");
            var alternate = Take("#") != '\0';
            var zero = Take("0") != '\0' && align == '\0';
            var columns = Number() ?? 0;
            var grouping = Take(",_");
            int? precision = null;
            if (Take(".") != '\0')
                precision = Number() ?? throw JinjaException.Value("Format specifier missing precision");
            var type = i < text.Length ? text[i++] : '\0';
            if (i < text.Length)
                throw JinjaException.Value("Invalid format specifier");
            if (align == '=')
                (zero, align) = (true, '\0');
            return new(fill, align, sign, alternate, zero, columns, grouping, precision, type);

            char Take(string any) => i < text.Length && any.Contains(text[i], StringComparison.Ordinal) ? text[i++] : '\0';

            int? Number()
            {
                var start = i;
                while (i < text.Length && char.IsAsciiDigit(text[i]))
                    i++;
                if (i == start)
                    return null;
                return int.TryParse(text.AsSpan(start, i - start), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= Limits.Characters
                    ? value : throw JinjaException.Value("Too many decimal digits in format string");
            }
        }

        private static bool IsAlign(char c) => c is '<' or '>' or '=' or '^';
    }
}
