using System.Globalization;
using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>Values as Python prints them: <c>str</c> and <c>repr</c>.</summary>
internal static class Printing
{
    /// <summary>Python refuses to print longer integers.</summary>
    public const int IntegerDigits = 4300;

    /// <summary>Python's <c>str(value)</c>.</summary>
    public static Str ToStr(object value)
    {
        switch (value)
        {
            case Str text:
                return text;
            case Undefined:
                return Str.Empty;
            default:
                var builder = new TextBuilder();
                WriteRepr(builder, value);
                return builder.ToStr();
        }
    }

    /// <summary>Python's <c>repr(value)</c>, without the marks.</summary>
    public static string Repr(object value) => ReprStr(value).Value;

    public static Str ReprStr(object value)
    {
        var builder = new TextBuilder();
        WriteRepr(builder, value);
        return builder.ToStr();
    }

    public static void WriteRepr(TextBuilder to, object value)
    {
        Limits.Descend();
        switch (value)
        {
            case Str text:
                if (text.IsMarkup)
                    to.Append("Markup(");
                WriteQuoted(to, text);
                if (text.IsMarkup)
                    to.Append(")");
                break;
            case PyList list:
                WriteItems(to, "[", list.Items, "]");
                break;
            case PyTuple tuple:
                WriteItems(to, "(", tuple.Items, tuple.Items.Count == 1 ? ",)" : ")");
                break;
            case PyDict dict:
                WriteDict(to, dict);
                break;
            case DictView view:
                WriteItems(to, view.Kind + "([", view.Items, "])");
                break;
            case Namespace ns:
                to.Append("<Namespace ");
                WriteDict(to, ns.Values);
                to.Append(">");
                break;
            default:
                to.Append(Simple(value));
                break;
        }
    }

    private static string Simple(object value) => value switch
    {
        None => "None",
        bool flag => flag ? "True" : "False",
        BigInteger number => Integer(number),
        double number => Float(number),
        Undefined => "Undefined",
        PyRange range when range.Step.IsOne => FormattableString.Invariant($"range({range.Start}, {range.Stop})"),
        PyRange range => FormattableString.Invariant($"range({range.Start}, {range.Stop}, {range.Step})"),
        PyBytes bytes => Bytes(bytes.Bytes),
        Callable callable => callable.Print,
        _ => $"<{Types.NameOf(value)} object>",
    };

    private static string Bytes(byte[] bytes)
    {
        var quote = bytes.Contains((byte)'\'') && !bytes.Contains((byte)'"') ? '"' : '\'';
        return "b" + quote + string.Concat(bytes.Select(b => (char)b switch
        {
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\\' => "\\\\",
            var c when c == quote => "\\" + c,
            >= ' ' and <= '~' and var c => c.ToString(),
            var c => FormattableString.Invariant($"\\x{(int)c:x2}"),
        })) + quote;
    }

    public static string Integer(BigInteger number)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        return text.Length <= IntegerDigits + 1 ? text
            : throw JinjaException.Value(FormattableString.Invariant($"an integer of more than {IntegerDigits} digits cannot be printed"));
    }

    /// <summary>Python's <c>repr</c> of a float: the shortest digits that read back, an exponent below 1e-4 and from 1e16 on.</summary>
    public static string Float(double value)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value > 0 ? "inf" : "-inf";
        var (digits, exponent) = Digits(value.ToString("R", CultureInfo.InvariantCulture));
        var sign = double.IsNegative(value) ? "-" : "";
        if (value == 0)
            return sign + "0.0";
        if (exponent is < -4 or >= 16)
        {
            var mantissa = digits.Length == 1 ? digits : digits[..1] + "." + digits[1..];
            return FormattableString.Invariant($"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }

        if (exponent < 0)
            return sign + "0." + new string('0', -exponent - 1) + digits;
        return digits.Length <= exponent + 1
            ? sign + digits.PadRight(exponent + 1, '0') + ".0"
            : sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    // The significant digits of a printed number and the power of ten of the first.
    private static (string Digits, int Exponent) Digits(string text)
    {
        text = text.TrimStart('-');
        var exponent = 0;
        var e = text.IndexOf('E', StringComparison.Ordinal);
        if (e >= 0)
        {
            exponent = int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }

        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var whole = dot < 0 ? text : text[..dot];
        var all = whole + (dot < 0 ? "" : text[(dot + 1)..]);
        var leading = all.Length - all.TrimStart('0').Length;
        var digits = all.Trim('0');
        return (digits.Length == 0 ? "0" : digits, exponent + whole.Length - 1 - leading);
    }

    private static void WriteItems(TextBuilder to, string open, IEnumerable<object> items, string close)
    {
        to.Append(open);
        var first = true;
        foreach (var item in items)
        {
            if (!first)
                to.Append(", ");
            first = false;
            WriteRepr(to, item);
        }

        to.Append(close);
    }

    private static void WriteDict(TextBuilder to, PyDict dict)
    {
        to.Append("{");
        var first = true;
        foreach (var (key, value) in dict.Items)
        {
            if (!first)
                to.Append(", ");
            first = false;
            WriteRepr(to, key);
            to.Append(": ");
            WriteRepr(to, value);
        }

        to.Append("}");
    }

    // Quotes are double only where the text has a single quote and no double one.
    private static void WriteQuoted(TextBuilder to, Str text)
    {
        var quote = text.Value.Contains('\'', StringComparison.Ordinal) && !text.Value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        to.Append(quote.ToString());
        WriteEscaped(to, text, code => code switch
        {
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ when code == quote => "\\" + quote,
            _ when PyText.IsPrintable(code) => null,
            < 0x100 => FormattableString.Invariant($"\\x{code:x2}"),
            < 0x10000 => FormattableString.Invariant($"\\u{code:x4}"),
            _ => FormattableString.Invariant($"\\U{code:x8}"),
        });
        to.Append(quote.ToString());
    }

    /// <summary>Writes a text with some code points replaced (null leaves one as it is); what stands for a marked character is marked.</summary>
    public static void WriteEscaped(TextBuilder to, Str text, Func<int, string?> replacement)
    {
        var plain = 0;
        var value = text.Value;
        for (var i = 0; i < value.Length;)
        {
            var width = PyText.WidthAt(value, i);
            if (replacement(PyText.CodeAt(value, i)) is { } other)
            {
                to.Append(text, plain, i - plain);
                to.Append(other, text.Untrusted.Any(r => r.Start <= i && i < r.End));
                plain = i + width;
            }

            i += width;
        }

        to.Append(text, plain, value.Length - plain);
    }

    /// <summary>HTML escapes as MarkupSafe writes them.</summary>
    public static Str Escape(object value)
    {
        var text = ToStr(value);
        if (text.IsMarkup)
            return text;
        var builder = new TextBuilder();
        WriteEscaped(builder, text, code => code switch
        {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '\'' => "&#39;",
            '"' => "&#34;",
            _ => null,
        });
        return builder.ToStr(isMarkup: true);
    }
}
