using System.Globalization;
using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>The global names of a chat template.</summary>
internal static class Functions
{
    public static Callable FromKeys { get; } = new Function("dict.fromkeys", Signature.Parse("iterable, value?"), (_, a) =>
    {
        var dict = new PyDict();
        foreach (var key in Operators.Iterate(a[0]!))
            dict.Set(key, a[1] ?? None.Value);
        return dict;
    });

    private static readonly Dictionary<string, object> Globals = new(StringComparer.Ordinal)
    {
        ["range"] = new Class("range", (_, a) => a.Positional.Count is 1 or 2 or 3 && a.Named.Count == 0
            ? new PyRange(a.Positional.Count == 1 ? 0 : Whole(a.Positional[0]), Whole(a.Positional[Math.Min(1, a.Positional.Count - 1)]),
                a.Positional.Count == 3 ? Whole(a.Positional[2]) : 1)
            : throw JinjaException.Type("range takes one to three integers")),
        ["dict"] = new Class("dict", (_, a) => FillDict(new PyDict(), a)),
        ["namespace"] = new Class("namespace", (_, a) =>
        {
            var ns = new Namespace();
            foreach (var (key, value) in FillDict(new PyDict(), a).Items)
                ns.Set(key, value);
            return ns;
        }),
        ["cycler"] = new Class("cycler", (_, a) => a.Positional.Count > 0 ? new Cycler(a.Positional) : throw JinjaException.Type("at least one item has to be provided")),
        ["joiner"] = new Class("joiner", (_, a) => Joiner(a.Positional.Count > 0 ? a.Positional[0] : new Str(", "))),
        ["lipsum"] = new Function("lipsum", null, (_, _) => throw new Alidade.Core.NotBuiltException("lipsum() makes random text; write the text into the template")),
        ["raise_exception"] = new Function("raise_exception", Signature.Parse("message"), (_, a) =>
            throw new JinjaException("TemplateError", Printing.ToStr(a[0]!).Value)),
        ["strftime_now"] = new Function("strftime_now", Signature.Parse("format"), (e, a) =>
            new Str(TimeFormat.Format(e.Clock.GetLocalNow(), a.Text(0).Value))),
    };

    public static object? Find(string name) => Globals.GetValueOrDefault(name);

    public static PyDict Copy(PyDict dict)
    {
        var copy = new PyDict();
        foreach (var (key, value) in dict.Items)
            copy.Set(key, value);
        return copy;
    }

    public static PyDict DictOf(IReadOnlyList<KeyValuePair<string, object>> named)
    {
        var dict = new PyDict();
        foreach (var (key, value) in named)
            dict.Set(key, value);
        return dict;
    }

    private static PyDict FillDict(PyDict dict, Arguments arguments)
    {
        if (arguments.Positional.Count > 1)
            throw JinjaException.Type("a dict is made from one mapping or list of pairs, and named values");
        var source = arguments.Positional.FirstOrDefault();
        if (source is PyDict other)
            foreach (var (key, value) in other.Items)
                dict.Set(key, value);
        else if (source is not null)
            foreach (var pair in Operators.Iterate(source))
            {
                var items = Operators.ToList(pair);
                if (items.Count != 2)
                    throw JinjaException.Value("a dict is made from pairs");
                dict.Set(items[0], items[1]);
            }

        foreach (var (key, value) in arguments.Named)
            dict.Set(key, value);
        return dict;
    }

    private static BigInteger Whole(object value) => value switch
    {
        Undefined undefined => throw undefined.Failure,
        _ => Operators.Number(value) is BigInteger number ? number
            : throw JinjaException.Type($"'{Types.NameOf(value)}' object cannot be interpreted as an integer"),
    };

    // Nothing at the first call, the separator at every other.
    private static Function Joiner(object separator)
    {
        var used = false;
        return new Function("joiner", Signature.Parse(""), (_, _) =>
        {
            var result = used ? separator : Str.Empty;
            used = true;
            return result;
        });
    }

    /// <summary>A global that makes values.</summary>
    private sealed class Class(string name, Func<Evaluator, Arguments, object> make) : Callable
    {
        public override string TypeName => "type";

        public override string Print => $"<class '{name}'>";

        public override object Call(Evaluator evaluator, Arguments arguments) => make(evaluator, arguments);
    }
}

/// <summary>C's <c>strftime</c> in the C locale.</summary>
internal static class TimeFormat
{
    public static string Format(DateTimeOffset time, string format)
    {
        var result = new System.Text.StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                result.Append(format[i]);
                continue;
            }

            i++;
            var bare = format[i] == '-' && i + 1 < format.Length;
            if (bare)
                i++;
            var field = Field(time, format[i]);
            // "%-d" drops the zero that "%d" pads with.
            result.Append(bare && field.Length > 1 ? field.TrimStart('0', ' ') is { Length: > 0 } shown ? shown : "0" : field);
        }

        return result.ToString();
    }

    private static string Field(DateTimeOffset time, char code) => code switch
    {
        'a' => Invariant(time, "ddd"),
        'A' => Invariant(time, "dddd"),
        'b' or 'h' => Invariant(time, "MMM"),
        'B' => Invariant(time, "MMMM"),
        'c' => Format(time, "%a %b %e %H:%M:%S %Y"),
        'C' => Invariant(time, "yyyy")[..2],
        'd' => Invariant(time, "dd"),
        'D' or 'x' => Format(time, "%m/%d/%y"),
        'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'f' => Invariant(time, "ffffff"),
        'F' => Format(time, "%Y-%m-%d"),
        'G' => ISOWeek.GetYear(time.DateTime).ToString(CultureInfo.InvariantCulture),
        'H' => Invariant(time, "HH"),
        'I' => Invariant(time, "hh"),
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'm' => Invariant(time, "MM"),
        'M' => Invariant(time, "mm"),
        'n' => "\n",
        'p' => Invariant(time, "tt"),
        'r' => Format(time, "%I:%M:%S %p"),
        'R' => Format(time, "%H:%M"),
        's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'S' => Invariant(time, "ss"),
        't' => "\t",
        'T' or 'X' => Format(time, "%H:%M:%S"),
        'u' => (((int)time.DayOfWeek + 6) % 7 + 1).ToString(CultureInfo.InvariantCulture),
        'U' => ((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7).ToString("00", CultureInfo.InvariantCulture),
        'V' => ISOWeek.GetWeekOfYear(time.DateTime).ToString("00", CultureInfo.InvariantCulture),
        'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'W' => ((time.DayOfYear + 6 - ((int)time.DayOfWeek + 6) % 7) / 7).ToString("00", CultureInfo.InvariantCulture),
        'y' => Invariant(time, "yy"),
        'Y' => time.Year.ToString(CultureInfo.InvariantCulture),
        // The reference's clock knows no zone, and Python then prints nothing.
        'z' or 'Z' => "",
        '%' => "%",
        _ => "%" + code,
    };

    private static string Invariant(DateTimeOffset time, string format) => time.ToString(format, CultureInfo.InvariantCulture);
}
