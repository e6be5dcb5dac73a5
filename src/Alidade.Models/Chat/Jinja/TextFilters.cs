using System.Globalization;
using System.Numerics;
using System.Text;

namespace Alidade.Models.Chat.Jinja;

/// <summary>Filters on text.</summary>
internal static class TextFilters
{
    public static IEnumerable<(string Name, string? Parameters, FilterBody Body)> All { get; } =
    [
        ("upper", "", (_, v, _) => Text(v).Map(CaseMapping.Upper)),
        ("lower", "", (_, v, _) => Text(v).Map(CaseMapping.Lower)),
        ("capitalize", "", (_, v, _) => Text(v).Map(CaseMapping.Capitalize)),
        ("title", "", (_, v, _) => Text(v).Map(Title)),
        ("trim", "chars?", (_, v, a) => TextOperations.Strip(Text(v), a[0] is null or None ? null : a.Text(0).Value, true, true)),
        ("replace", "old, new, count?", (_, v, a) => TextOperations.Replace(Text(v), Text(a[0]!), Text(a[1]!), a[2] is None ? -1 : a.Int(2, -1))),
        ("indent", "width?, first?, blank?", (_, v, a) => Indent(Text(v), a[0] is Str s ? s : new Str(Spaces(a.Int(0, 4))), a.Flag(1), a.Flag(2))),
        ("center", "width?", (_, v, a) => Center(Text(v), a.Int(0, 80))),
        ("truncate", "length?, killwords?, end?, leeway?", (_, v, a) => Truncate(Text(v), a.Int(0, 255), a.Flag(1), a.Text(2, "..."), a.Int(3, 5))),
        ("wordwrap", "width?, break_long_words?, wrapstring?", (_, v, a) => WordWrap(Text(v), a.Int(0, 79), a[1] is null || a.Flag(1), a.Text(2, "\n"))),
        ("wordcount", "", (_, v, _) => WordCount(Text(v).Value)),
        ("striptags", "", (_, v, _) => StripTags(Text(v).Value)),
        ("escape", "", (_, v, _) => Printing.Escape(v)),
        ("forceescape", "", (_, v, _) => Printing.Escape(Text(v).Marked(false))),
        ("safe", "", (_, v, _) => Printing.ToStr(v).Marked(true)),
        ("string", "", (_, v, _) => Printing.ToStr(v)),
        ("format", null, (_, v, a) => PercentFormat.Apply(Text(v), a.All.Named.Count > 0 ? Functions.DictOf(a.All.Named) : new PyTuple(a.All.Positional))),
        ("urlencode", "", (_, v, _) => UrlEncode(v)),
        ("xmlattr", "autospace?", (e, v, a) => XmlAttributes(v, a[0] is null || a.Flag(0)).Marked(e.Autoescape)),
        ("pprint", "", (_, v, _) => PrettyPrint(v)),
    ];

    private static Str Text(object value) => Printing.ToStr(value);

    private static string Spaces(int count)
    {
        Limits.CheckCharacters(count);
        return new string(' ', Math.Max(0, count));
    }

    // A capital at the start and after white space, hyphens and opening brackets; not after an apostrophe, unlike the method of this name.
    private static string Title(string text)
    {
        var builder = new StringBuilder();
        for (var start = 0; start < text.Length;)
        {
            var end = start;
            var isBreak = IsBreak(text[start]);
            while (end < text.Length && IsBreak(text[end]) == isBreak)
                end++;
            var width = PyText.WidthAt(text, start);
            builder.Append(isBreak ? text[start..end] : CaseMapping.Upper(text.Substring(start, width)) + CaseMapping.Lower(text[(start + width)..end]));
            start = end;
        }

        return builder.ToString();

        static bool IsBreak(char c) => PyText.IsSpace(c) || c is '-' or '(' or '{' or '[' or '<';
    }

    private static Str Indent(Str text, Str indention, bool first, bool blank)
    {
        var result = new TextBuilder();
        var isFirst = true;
        // Jinja appends a line end before it splits, so that a last empty line is one.
        var padded = new TextBuilder();
        padded.Append(text);
        padded.Append("\n");
        var whole = padded.ToStr();
        foreach (var (start, end, _) in PyText.Lines(whole.Value))
        {
            if (!isFirst)
                result.Append("\n");
            if (isFirst ? first : blank || end > start)
                result.Append(indention);
            result.Append(whole, start, end - start);
            isFirst = false;
        }

        return result.ToStr(text.IsMarkup);
    }

    private static Str Center(Str text, int width)
    {
        var (left, right) = TextOperations.Centered(Math.Max(0, width - text.Count), width);
        return TextOperations.Surround(text, left, right, " ");
    }

    private static Str Truncate(Str text, int length, bool killWords, Str end, int leeway)
    {
        if (length < end.Count || leeway < 0)
            throw new JinjaException("AssertionError", FormattableString.Invariant($"expected length >= {end.Count} and leeway >= 0, got {length} and {leeway}"));
        if (text.Count <= (long)length + leeway)
            return text;
        var kept = text.Cut(0, text.Offset(length - end.Count));
        if (!killWords)
            kept = (Str)TextOperations.SplitFromRight(kept, " ", 1)[0];
        return Arithmetic.Join(kept, end);
    }

    private static Str WordWrap(Str text, int width, bool breakLongWords, Str separator)
    {
        if (width <= 0)
            throw JinjaException.Value(FormattableString.Invariant($"invalid width {width} (must be > 0)"));
        var result = new TextBuilder();
        var isFirst = true;
        foreach (var (start, end, _) in PyText.Lines(text.Value))
        {
            if (!isFirst)
                result.Append(separator);
            isFirst = false;
            WrapLine(result, text.Cut(start, end - start), width, breakLongWords, separator);
        }

        return result.ToStr();
    }

    // Python's textwrap: words and the blanks between them are chunks; blanks at a break are dropped, except those that open the paragraph.
    private static void WrapLine(TextBuilder to, Str line, int width, bool breakLongWords, Str separator)
    {
        var chunks = new LinkedList<Str>(Chunks(line));
        var isFirstLine = true;
        while (chunks.Count > 0)
        {
            if (!isFirstLine && IsBlank(chunks.First!.Value))
                chunks.RemoveFirst();
            var current = new List<Str>();
            var used = 0;
            while (chunks.Count > 0 && used + chunks.First!.Value.Count <= width)
            {
                used += chunks.First.Value.Count;
                current.Add(chunks.First.Value);
                chunks.RemoveFirst();
            }

            if (chunks.Count > 0 && chunks.First!.Value.Count > width)
            {
                var room = breakLongWords ? width - used : 0;
                if (room > 0)
                {
                    var chunk = chunks.First.Value;
                    chunks.RemoveFirst();
                    var cut = chunk.Offset(room);
                    current.Add(chunk.Cut(0, cut));
                    chunks.AddFirst(chunk.Cut(cut, chunk.Value.Length - cut));
                }
                else if (current.Count == 0)
                {
                    current.Add(chunks.First.Value);
                    chunks.RemoveFirst();
                }
            }

            if (current.Count > 0 && IsBlank(current[^1]))
                current.RemoveAt(current.Count - 1);
            if (current.Count == 0)
                continue;
            if (!isFirstLine)
                to.Append(separator);
            isFirstLine = false;
            foreach (var chunk in current)
                to.Append(chunk);
        }
    }

    private static IEnumerable<Str> Chunks(Str line)
    {
        for (var start = 0; start < line.Value.Length;)
        {
            var end = start;
            var isSpace = PyText.IsSpace(line.Value[start]);
            while (end < line.Value.Length && PyText.IsSpace(line.Value[end]) == isSpace)
            {
                end++;
                // A hyphen between letters ends a chunk.
                if (!isSpace && line.Value[end - 1] == '-' && end - 2 >= start && char.IsLetter(line.Value[end - 2]) && end < line.Value.Length && char.IsLetter(line.Value[end]))
                    break;
            }

            yield return line.Cut(start, end - start);
            start = end;
        }
    }

    private static bool IsBlank(Str chunk) => PyText.IsSpace(chunk.Value[0]);

    private static BigInteger WordCount(string text)
    {
        var (count, inWord) = (0, false);
        for (var i = 0; i < text.Length; i += PyText.WidthAt(text, i))
        {
            var code = PyText.CodeAt(text, i);
            var isWord = code == '_' || CharacterClasses.IsLetter(code) || CharacterClasses.IsNumeric(code);
            count += isWord && !inWord ? 1 : 0;
            inWord = isWord;
        }

        return count;
    }

    private static Str StripTags(string text)
    {
        var builder = new StringBuilder();
        for (var i = 0; i < text.Length;)
        {
            var comment = text.AsSpan(i).StartsWith("<!--");
            var close = text[i] != '<' ? -1 : comment ? text.IndexOf("-->", i, StringComparison.Ordinal) : text.IndexOf('>', i);
            if (close < 0)
                builder.Append(text[i++]);
            else
                i = close + (comment ? 3 : 1);
        }

        var words = TextOperations.Split(new Str(builder.ToString()), null, -1);
        return new Str(System.Net.WebUtility.HtmlDecode(string.Join(' ', words)));
    }

    private static Str UrlEncode(object value)
    {
        if (value is Str || Operators.TryIterate(value) is null)
            return new Str(Quote(Text(value).Value, "/"));
        var pairs = (value is PyDict dict ? ContainerMethods.Items(dict).Items : Operators.Iterate(value))
            .Select(pair => Operators.ToList(pair) is [var key, var item]
                ? Quote(Text(key).Value, "").Replace("%20", "+", StringComparison.Ordinal) + "=" + Quote(Text(item).Value, "").Replace("%20", "+", StringComparison.Ordinal)
                : throw JinjaException.Value("urlencode takes text, a mapping or pairs"));
        return new Str(string.Join('&', pairs));
    }

    private static string Quote(string text, string safe) => string.Concat(Encoding.UTF8.GetBytes(text).Select(b =>
        char.IsAsciiLetterOrDigit((char)b) || "_.-~".Contains((char)b, StringComparison.Ordinal) || safe.Contains((char)b, StringComparison.Ordinal)
            ? ((char)b).ToString() : "%" + b.ToString("X2", CultureInfo.InvariantCulture)));

    private static Str XmlAttributes(object value, bool autospace)
    {
        if (value is not PyDict dict)
            throw JinjaException.Type("xmlattr needs a mapping");
        var result = new TextBuilder();
        foreach (var (key, item) in dict.Items)
        {
            if (item is None or Undefined)
                continue;
            var name = Text(key);
            if (name.Value.Any(c => PyText.IsSpace(c) || c is '/' or '>' or '='))
                throw JinjaException.Value($"Invalid character in attribute name: {Printing.Repr(key)}");
            if (autospace || result.Length > 0)
                result.Append(" ");
            result.Append(Printing.Escape(name));
            result.Append("=\"");
            result.Append(Printing.Escape(item));
            result.Append("\"");
        }

        return result.ToStr();
    }

    // Python sorts the keys and breaks lines that are longer than 80; only the first is built.
    private static Str PrettyPrint(object value)
    {
        var text = Printing.ReprStr(Sorted(value));
        return text.Count <= 80 ? text : throw new Alidade.Core.NotBuiltException("the filter 'pprint' breaks no lines: its value is longer than 80 characters");
    }

    private static object Sorted(object value)
    {
        Limits.Descend();
        switch (value)
        {
            case PyList list:
                return new PyList([.. list.Items.Select(Sorted)]);
            case PyTuple tuple:
                return new PyTuple([.. tuple.Items.Select(Sorted)]);
            case PyDict dict:
                var sorted = new PyDict();
                foreach (var (key, item) in Operators.Sort(dict.Items.ToList(), i => i.Key))
                    sorted.Set(key, Sorted(item));
                return sorted;
            default:
                return value;
        }
    }
}
