using System.Text;

namespace Alidade.Models.Chat.Jinja;

/// <summary>
/// A string of a template, with the parts of it that came from the conversation rather than from the template. Strings are cut, joined and trimmed with
/// their marks, so the rendered text still knows which of its characters a user may have written; a control token spelled there is not one.
/// </summary>
internal sealed class Str
{
    private int count = -1;

    public Str(string value, IReadOnlyList<TextRange>? untrusted = null, bool isMarkup = false)
    {
        Value = value;
        Untrusted = untrusted ?? [];
        IsMarkup = isMarkup;
    }

    public static Str Empty { get; } = new("");

    public string Value { get; }

    /// <summary>Sorted, disjoint ranges in UTF-16 units.</summary>
    public IReadOnlyList<TextRange> Untrusted { get; }

    /// <summary>The result of <c>safe</c> or <c>escape</c>: already escaped, so that autoescape and <c>e</c> leave it alone.</summary>
    public bool IsMarkup { get; }

    /// <summary>Length in code points, which is what Python counts.</summary>
    public int Count => count >= 0 ? count : count = PyText.CodePoints(Value);

    public static Str FromConversation(string value) => new(value, value.Length == 0 ? [] : [new TextRange(0, value.Length)]);

    public Str Marked(bool isMarkup) => isMarkup == IsMarkup ? this : new(Value, Untrusted, isMarkup);

    /// <summary>A piece, in UTF-16 units.</summary>
    public Str Cut(int start, int length)
    {
        if (length == Value.Length)
            return this;
        if (Untrusted.Count == 0)
            return new(Value.Substring(start, length), null, IsMarkup);
        var builder = new TextBuilder();
        builder.Append(this, start, length);
        return builder.ToStr(IsMarkup);
    }

    /// <summary>The same characters seen through a mapping of the whole string; where lengths change, marks cover all of a string that had any.</summary>
    public Str Map(Func<string, string> map)
    {
        var mapped = map(Value);
        Limits.CheckCharacters(mapped.Length);
        if (Untrusted.Count == 0)
            return new(mapped, null, IsMarkup);
        return mapped.Length == Value.Length ? new(mapped, Untrusted, IsMarkup) : new(mapped, [new TextRange(0, mapped.Length)], IsMarkup);
    }

    /// <summary>The UTF-16 offset of a code point.</summary>
    public int Offset(int codePoint) => Count == Value.Length ? codePoint : PyText.Offset(Value, codePoint);

    public override string ToString() => Value;
}

/// <summary>Builds a <see cref="Str"/>, or the output, keeping the marks of its pieces and the limit on its length.</summary>
internal sealed class TextBuilder
{
    private readonly StringBuilder text = new();
    private readonly List<TextRange> untrusted = [];

    public int Length => text.Length;

    public void Append(string piece, bool isUntrusted = false)
    {
        Limits.CheckCharacters((long)text.Length + piece.Length);
        if (isUntrusted)
            Mark(text.Length, text.Length + piece.Length);
        text.Append(piece);
    }

    public void Append(Str piece) => Append(piece, 0, piece.Value.Length);

    public void Append(Str piece, int start, int length)
    {
        Limits.CheckCharacters((long)text.Length + length);
        foreach (var range in piece.Untrusted)
            Mark(text.Length + Math.Max(range.Start, start) - start, text.Length + Math.Min(range.End, start + length) - start);
        text.Append(piece.Value, start, length);
    }

    public void AppendRepeated(string piece, int times)
    {
        Limits.CheckCharacters((long)piece.Length * times + text.Length);
        for (var i = 0; i < times; i++)
            text.Append(piece);
    }

    public int CodePoints() => PyText.CodePoints(text.ToString());

    public Str ToStr(bool isMarkup = false) => new(text.ToString(), untrusted.Count == 0 ? null : untrusted.ToArray(), isMarkup);

    private void Mark(int start, int end)
    {
        if (end <= start)
            return;
        if (untrusted.Count > 0 && untrusted[^1].End == start)
            untrusted[^1] = untrusted[^1] with { End = end };
        else
            untrusted.Add(new(start, end));
    }
}
