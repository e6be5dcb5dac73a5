using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Alidade.Models.Chat.Jinja;

/// <summary>JSON into values, and values into JSON as Python's <c>json.dumps</c> writes it.</summary>
internal static class Json
{
    /// <summary>The value of a JSON node; integers stay integers, and strings are marked as coming from the conversation when asked.</summary>
    /// <param name="text">Makes a value's string: whether it is marked.</param>
    public static object FromNode(JsonNode? node, Func<string, Str> text)
    {
        Limits.Descend();
        switch (node)
        {
            case null:
                return None.Value;
            case JsonArray array:
                return new PyList([.. array.Select(item => FromNode(item, text))]);
            case JsonObject members:
                var dict = new PyDict();
                foreach (var (key, value) in members)
                    dict.Set(key, FromNode(value, text));
                return dict;
            default:
                return node.GetValueKind() switch
                {
                    JsonValueKind.String => text(node.GetValue<string>()),
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    JsonValueKind.Null => None.Value,
                    _ => Number(node.ToJsonString()),
                };
        }
    }

    private static object Number(string text) => text.AsSpan().IndexOfAny(".eE") < 0 && text.Length <= Printing.IntegerDigits
        ? BigInteger.Parse(text, CultureInfo.InvariantCulture)
        : double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Options of <c>json.dumps</c>.</summary>
    /// <param name="Indent">What one level is indented by; null writes one line.</param>
    internal sealed record Options(bool EnsureAscii, string? Indent, Str ItemSeparator, Str KeySeparator, bool SortKeys);

    public static Str Write(object value, Options options)
    {
        var to = new TextBuilder();
        Write(to, value, options, 0);
        return to.ToStr();
    }

    private static void Write(TextBuilder to, object value, Options options, int depth)
    {
        Limits.Descend();
        switch (value)
        {
            case Str text:
                WriteString(to, text, options.EnsureAscii);
                break;
            case PyList list:
                WriteArray(to, list.Items, options, depth);
                break;
            case PyTuple tuple:
                WriteArray(to, tuple.Items, options, depth);
                break;
            case PyDict dict:
                WriteObject(to, dict, options, depth);
                break;
            case None or bool or BigInteger or double:
                to.Append(Scalar(value));
                break;
            default:
                throw JinjaException.Type($"Object of type {Types.NameOf(value)} is not JSON serializable");
        }
    }

    private static string Scalar(object value) => value switch
    {
        None => "null",
        bool flag => flag ? "true" : "false",
        BigInteger number => Printing.Integer(number),
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        double.NaN => "NaN",
        _ => Printing.Float((double)value),
    };

    private static void WriteArray(TextBuilder to, IReadOnlyList<object> items, Options options, int depth)
    {
        to.Append("[");
        for (var i = 0; i < items.Count; i++)
        {
            Separate(to, options, i, depth + 1);
            Write(to, items[i], options, depth + 1);
        }

        Close(to, options, items.Count, depth, "]");
    }

    private static void WriteObject(TextBuilder to, PyDict dict, Options options, int depth)
    {
        to.Append("{");
        var members = dict.Items.ToList();
        if (options.SortKeys)
            members = Operators.Sort(members, m => m.Key);
        for (var i = 0; i < members.Count; i++)
        {
            Separate(to, options, i, depth + 1);
            var key = members[i].Key switch
            {
                Str text => text,
                None or bool or BigInteger or double => new Str(Scalar(members[i].Key)),
                var other => throw JinjaException.Type($"keys must be str, int, float, bool or None, not {Types.NameOf(other)}"),
            };
            WriteString(to, key, options.EnsureAscii);
            to.Append(options.KeySeparator);
            Write(to, members[i].Value, options, depth + 1);
        }

        Close(to, options, members.Count, depth, "}");
    }

    private static void Separate(TextBuilder to, Options options, int index, int depth)
    {
        if (index > 0)
            to.Append(options.ItemSeparator);
        NewLine(to, options, depth);
    }

    private static void Close(TextBuilder to, Options options, int count, int depth, string close)
    {
        if (count > 0)
            NewLine(to, options, depth);
        to.Append(close);
    }

    private static void NewLine(TextBuilder to, Options options, int depth)
    {
        if (options.Indent is null)
            return;
        to.Append("\n");
        to.AppendRepeated(options.Indent, depth);
    }

    private static void WriteString(TextBuilder to, Str text, bool ensureAscii)
    {
        to.Append("\"");
        Printing.WriteEscaped(to, text, code => code switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\b' => "\\b",
            '\f' => "\\f",
            < ' ' => FormattableString.Invariant($"\\u{code:x4}"),
            > 126 when ensureAscii => string.Concat(PyText.FromCode(code).Select(c => FormattableString.Invariant($"\\u{(int)c:x4}"))),
            _ => null,
        });
        to.Append("\"");
    }
}
