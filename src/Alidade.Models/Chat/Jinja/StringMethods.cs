using System.Numerics;
using System.Text;

namespace Alidade.Models.Chat.Jinja;

/// <summary>The methods of Python's <c>str</c>.</summary>
internal static class StringMethods
{
    private delegate object Method(Str self, Bound arguments);

    private static readonly Dictionary<string, (Signature? Parameters, Method Body)> Table = new(StringComparer.Ordinal)
    {
        ["strip"] = (Signature.Parse("chars?"), (s, a) => TextOperations.Strip(s, Chars(a), true, true)),
        ["lstrip"] = (Signature.Parse("chars?"), (s, a) => TextOperations.Strip(s, Chars(a), true, false)),
        ["rstrip"] = (Signature.Parse("chars?"), (s, a) => TextOperations.Strip(s, Chars(a), false, true)),
        ["split"] = (Signature.Parse("sep?, maxsplit?"), (s, a) => new PyList(TextOperations.Split(s, Separator(a), a.Int(1, -1)))),
        ["rsplit"] = (Signature.Parse("sep?, maxsplit?"), (s, a) => new PyList(TextOperations.SplitFromRight(s, Separator(a), a.Int(1, -1)))),
        ["splitlines"] = (Signature.Parse("keepends?"), (s, a) => new PyList(
            [.. PyText.Lines(s.Value).Select(l => s.Cut(l.Start, (a.Flag(0) ? l.Next : l.End) - l.Start))])),
        ["partition"] = (Signature.Parse("sep"), (s, a) => Partition(s, a.Text(0), fromRight: false)),
        ["rpartition"] = (Signature.Parse("sep"), (s, a) => Partition(s, a.Text(0), fromRight: true)),
        ["startswith"] = (Signature.Parse("prefix, start?, end?"), (s, a) => Affix(s, a, (text, part) => text.StartsWith(part, StringComparison.Ordinal))),
        ["endswith"] = (Signature.Parse("suffix, start?, end?"), (s, a) => Affix(s, a, (text, part) => text.EndsWith(part, StringComparison.Ordinal))),
        ["removeprefix"] = (Signature.Parse("prefix"), (s, a) => s.Value.StartsWith(a.Text(0).Value, StringComparison.Ordinal)
            ? s.Cut(a.Text(0).Value.Length, s.Value.Length - a.Text(0).Value.Length) : s),
        ["removesuffix"] = (Signature.Parse("suffix"), (s, a) => s.Value.EndsWith(a.Text(0).Value, StringComparison.Ordinal)
            ? s.Cut(0, s.Value.Length - a.Text(0).Value.Length) : s),
        ["replace"] = (Signature.Parse("old, new, count?"), (s, a) => TextOperations.Replace(s, a.Text(0),
            s.IsMarkup ? Printing.Escape(a.Text(1)) : a.Text(1), a.Int(2, -1)).Marked(s.IsMarkup)),
        ["join"] = (Signature.Parse("iterable"), (s, a) => Join(s, a[0]!)),
        ["upper"] = (Signature.Parse(""), (s, _) => s.Map(CaseMapping.Upper)),
        ["lower"] = (Signature.Parse(""), (s, _) => s.Map(CaseMapping.Lower)),
        ["casefold"] = (Signature.Parse(""), (s, _) => s.Map(CaseMapping.Fold)),
        ["title"] = (Signature.Parse(""), (s, _) => s.Map(CaseMapping.TitleWords)),
        ["capitalize"] = (Signature.Parse(""), (s, _) => s.Map(CaseMapping.Capitalize)),
        ["swapcase"] = (Signature.Parse(""), (s, _) => s.Map(CaseMapping.Swap)),
        ["find"] = (Signature.Parse("sub, start?, end?"), (s, a) => Find(s, a, fromRight: false)),
        ["rfind"] = (Signature.Parse("sub, start?, end?"), (s, a) => Find(s, a, fromRight: true)),
        ["index"] = (Signature.Parse("sub, start?, end?"), (s, a) => Found(Find(s, a, fromRight: false))),
        ["rindex"] = (Signature.Parse("sub, start?, end?"), (s, a) => Found(Find(s, a, fromRight: true))),
        ["count"] = (Signature.Parse("sub, start?, end?"), (s, a) => TextOperations.CountOf(Part(s, a), a.Text(0).Value)),
        ["zfill"] = (Signature.Parse("width"), (s, a) => ZeroFill(s, a.Int(0, 0))),
        ["ljust"] = (Signature.Parse("width, fillchar?"), (s, a) => Pad(s, a, (missing, _) => (0, missing))),
        ["rjust"] = (Signature.Parse("width, fillchar?"), (s, a) => Pad(s, a, (missing, _) => (missing, 0))),
        ["center"] = (Signature.Parse("width, fillchar?"), (s, a) => Pad(s, a, TextOperations.Centered)),
        ["expandtabs"] = (Signature.Parse("tabsize?"), (s, a) => ExpandTabs(s, a.Int(0, 8))),
        ["isdigit"] = (Signature.Parse(""), (s, _) => PyText.All(s.Value, CharacterClasses.IsDigit)),
        ["isdecimal"] = (Signature.Parse(""), (s, _) => PyText.All(s.Value, CharacterClasses.IsDecimal)),
        ["isnumeric"] = (Signature.Parse(""), (s, _) => PyText.All(s.Value, CharacterClasses.IsNumeric)),
        ["isalpha"] = (Signature.Parse(""), (s, _) => PyText.All(s.Value, CharacterClasses.IsLetter)),
        ["isalnum"] = (Signature.Parse(""), (s, _) => PyText.All(s.Value, c => CharacterClasses.IsLetter(c) || CharacterClasses.IsNumeric(c))),
        ["isspace"] = (Signature.Parse(""), (s, _) => PyText.All(s.Value, c => c < 0x10000 && PyText.IsSpace((char)c))),
        ["isascii"] = (Signature.Parse(""), (s, _) => s.Value.All(char.IsAscii)),
        ["isprintable"] = (Signature.Parse(""), (s, _) => s.Value.Length == 0 || PyText.All(s.Value, PyText.IsPrintable)),
        ["isidentifier"] = (Signature.Parse(""), (s, _) => CharacterClasses.IsIdentifier(s.Value)),
        ["islower"] = (Signature.Parse(""), (s, _) => CharacterClasses.IsLower(s.Value)),
        ["isupper"] = (Signature.Parse(""), (s, _) => CharacterClasses.IsUpper(s.Value)),
        ["istitle"] = (Signature.Parse(""), (s, _) => CharacterClasses.IsTitle(s.Value)),
        ["encode"] = (Signature.Parse("encoding?, errors?"), Encode),
        ["format"] = (null, (s, a) => BraceFormat.Apply(s, a.All)),
        ["format_map"] = (Signature.Parse("mapping"), (s, a) => BraceFormat.Apply(s, new([],
            [.. ((a[0] as PyDict)?.Items ?? throw JinjaException.Type("format_map() needs a mapping"))
                .Select(i => KeyValuePair.Create(Printing.ToStr(i.Key).Value, i.Value))]))),
    };

    /// <summary>The method bound to its string, or null when there is none of that name.</summary>
    public static Callable? Find(Str self, string name) =>
        Table.TryGetValue(name, out var method) ? new Function("str." + name, method.Parameters, (_, a) => method.Body(self, a)) : null;

    private static string? Chars(Bound a) => a[0] is null or None ? null : a.Text(0).Value;

    private static string? Separator(Bound a) => a[0] is null or None ? null : a.Text(0).Value;

    private static PyTuple Partition(Str s, Str separator, bool fromRight)
    {
        var at = TextOperations.NonEmpty(separator.Value) is var part && fromRight
            ? s.Value.LastIndexOf(part, StringComparison.Ordinal)
            : s.Value.IndexOf(part, StringComparison.Ordinal);
        if (at < 0)
            return fromRight ? PyTuple.Of(Str.Empty, Str.Empty, s) : PyTuple.Of(s, Str.Empty, Str.Empty);
        var after = at + part.Length;
        return PyTuple.Of(s.Cut(0, at), s.Cut(at, part.Length), s.Cut(after, s.Value.Length - after));
    }

    private static object Affix(Str s, Bound a, Func<string, string, bool> holds)
    {
        var text = Part(s, a);
        if (a[0] is PyTuple choices)
            return choices.Items.Any(c => c is Str choice ? holds(text, choice.Value)
                : throw JinjaException.Type($"tuple for startswith/endswith must only contain str, not {Types.NameOf(c)}"));
        return holds(text, a.Text(0).Value);
    }

    // The text between the arguments start and end, which count code points.
    private static string Part(Str s, Bound a) => a[1] is null && a[2] is null
        ? s.Value
        : ((Str)Access.GetItem(s, PySlice.Of(a[1], a[2], null))).Value;

    private static object Find(Str s, Bound a, bool fromRight)
    {
        var (start, _, count) = PySlice.Of(a[1], a[2], null).Over(s.Count);
        var from = s.Offset(start);
        var text = s.Value.Substring(from, s.Offset(start + count) - from);
        var at = fromRight ? text.LastIndexOf(a.Text(0).Value, StringComparison.Ordinal) : text.IndexOf(a.Text(0).Value, StringComparison.Ordinal);
        return at < 0 ? BigInteger.MinusOne : new BigInteger(start + PyText.CodePoints(text[..at]));
    }

    private static object Found(object index) => (BigInteger)index < 0 ? throw JinjaException.Value("substring not found") : index;

    private static Str Join(Str separator, object items)
    {
        var builder = new TextBuilder();
        var index = 0;
        foreach (var item in Operators.Iterate(items))
        {
            if (index > 0)
                builder.Append(separator);
            if (item is not Str text)
                throw item is Undefined undefined ? undefined.Failure
                    : JinjaException.Type(FormattableString.Invariant($"sequence item {index}: expected str instance, {Types.NameOf(item)} found"));
            builder.Append(separator.IsMarkup ? Printing.Escape(text) : text);
            index++;
        }

        return builder.ToStr(separator.IsMarkup);
    }

    private static Str Pad(Str s, Bound a, Func<int, int, (int Left, int Right)> share)
    {
        var width = a.Int(0, 0);
        var fill = a.Text(1, " ").Value;
        if (PyText.CodePoints(fill) != 1)
            throw JinjaException.Type("the fill character must be exactly one character long");
        var (left, right) = share(Math.Max(0, width - s.Count), width);
        return TextOperations.Surround(s, left, right, fill);
    }

    private static Str ZeroFill(Str s, int width)
    {
        var signs = s.Value.Length > 0 && s.Value[0] is '+' or '-' ? 1 : 0;
        var builder = new TextBuilder();
        builder.Append(s, 0, signs);
        builder.AppendRepeated("0", Math.Max(0, width - s.Count));
        builder.Append(s, signs, s.Value.Length - signs);
        return builder.ToStr(s.IsMarkup);
    }

    private static Str ExpandTabs(Str s, int size)
    {
        var builder = new TextBuilder();
        var column = 0;
        foreach (var c in PyText.Characters(s))
        {
            if (c.Value == "\t")
            {
                var blanks = size > 0 ? size - column % size : 0;
                builder.AppendRepeated(" ", blanks);
                column += blanks;
                continue;
            }

            builder.Append(c);
            column = c.Value is "\n" or "\r" ? 0 : column + 1;
        }

        return builder.ToStr(s.IsMarkup);
    }

    private static object Encode(Str s, Bound a)
    {
        var encoding = a.Text(0, "utf-8").Value.ToLowerInvariant().Replace('_', '-');
        return encoding switch
        {
            "utf-8" or "utf8" => new PyBytes(Encoding.UTF8.GetBytes(s.Value)),
            "ascii" or "us-ascii" when s.Value.All(char.IsAscii) => new PyBytes(Encoding.ASCII.GetBytes(s.Value)),
            _ => throw JinjaException.Value($"str.encode() knows utf-8 and ascii text, not '{encoding}' here"),
        };
    }
}
