using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>Cutting and replacing, on which methods and filters agree.</summary>
internal static class TextOperations
{
    /// <param name="chars">The code points to take away; null for white space.</param>
    public static Str Strip(Str text, string? chars, bool left, bool right)
    {
        var value = text.Value;
        var (start, end) = (0, value.Length);
        while (left && start < end && IsStripped(value, start, chars))
            start += PyText.WidthAt(value, start);
        while (right && end > start)
        {
            var last = end - 2 >= start && char.IsSurrogatePair(value[end - 2], value[end - 1]) ? end - 2 : end - 1;
            if (!IsStripped(value, last, chars))
                break;
            end = last;
        }

        return text.Cut(start, end - start);
    }

    private static bool IsStripped(string value, int at, string? chars) => chars is null
        ? PyText.IsSpace(value[at])
        : chars.Contains(value.Substring(at, PyText.WidthAt(value, at)), StringComparison.Ordinal);

    public static string NonEmpty(string separator) => separator.Length > 0 ? separator : throw JinjaException.Value("empty separator");

    /// <param name="separator">Null splits at runs of white space and drops empty ends.</param>
    /// <param name="most">How many cuts at most; negative for all.</param>
    public static List<object> Split(Str text, string? separator, int most)
    {
        var parts = new List<object>();
        var start = 0;
        if (separator is null)
        {
            while (true)
            {
                start = SkipSpace(text.Value, start);
                if (start == text.Value.Length)
                    return parts;
                var end = most >= 0 && parts.Count >= most ? text.Value.Length : WordEnd(text.Value, start);
                parts.Add(text.Cut(start, end - start));
                start = end;
            }
        }

        NonEmpty(separator);
        while (most < 0 || parts.Count < most)
        {
            var at = text.Value.IndexOf(separator, start, StringComparison.Ordinal);
            if (at < 0)
                break;
            parts.Add(text.Cut(start, at - start));
            Limits.CheckElements(parts.Count);
            start = at + separator.Length;
        }

        parts.Add(text.Cut(start, text.Value.Length - start));
        return parts;
    }

    public static List<object> SplitFromRight(Str text, string? separator, int most)
    {
        if (most < 0)
            return Split(text, separator, most);
        var parts = new List<object>();
        var end = text.Value.Length;
        if (separator is null)
        {
            while (true)
            {
                end -= TrailingSpace(text.Value[..end]);
                if (end == 0)
                    break;
                var start = parts.Count >= most ? 0 : end;
                while (parts.Count < most && start > 0 && !PyText.IsSpace(text.Value[start - 1]))
                    start--;
                parts.Add(text.Cut(start, end - start));
                end = parts.Count > most ? 0 : start;
            }
        }
        else
        {
            NonEmpty(separator);
            for (var at = 0; parts.Count < most && (at = text.Value[..end].LastIndexOf(separator, StringComparison.Ordinal)) >= 0; end = at)
                parts.Add(text.Cut(at + separator.Length, end - at - separator.Length));
            parts.Add(text.Cut(0, end));
        }

        parts.Reverse();
        return parts;
    }

    private static int SkipSpace(string value, int at)
    {
        while (at < value.Length && PyText.IsSpace(value[at]))
            at++;
        return at;
    }

    private static int WordEnd(string value, int at)
    {
        while (at < value.Length && !PyText.IsSpace(value[at]))
            at++;
        return at;
    }

    private static int TrailingSpace(string value)
    {
        var end = value.Length;
        while (end > 0 && PyText.IsSpace(value[end - 1]))
            end--;
        return value.Length - end;
    }

    /// <param name="most">How many replacements at most; negative for all. An empty <paramref name="old"/> stands before every code point and at the end.</param>
    public static Str Replace(Str text, Str old, Str replacement, int most)
    {
        if (most < 0)
            most = int.MaxValue;
        var builder = new TextBuilder();
        var (start, done) = (0, 0);
        if (old.Value.Length == 0)
        {
            foreach (var c in PyText.Characters(text))
            {
                if (done++ < most)
                    builder.Append(replacement);
                builder.Append(c);
            }

            if (done < most)
                builder.Append(replacement);
            return builder.ToStr();
        }

        for (; done < most; done++)
        {
            var at = text.Value.IndexOf(old.Value, start, StringComparison.Ordinal);
            if (at < 0)
                break;
            builder.Append(text, start, at - start);
            builder.Append(replacement);
            start = at + old.Value.Length;
        }

        builder.Append(text, start, text.Value.Length - start);
        return builder.ToStr();
    }

    public static BigInteger CountOf(string text, string part)
    {
        if (part.Length == 0)
            return PyText.CodePoints(text) + 1;
        var count = 0;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + part.Length, StringComparison.Ordinal))
            count++;
        return count;
    }

    /// <summary>How Python shares missing columns when centring: the odd one goes left when the width is odd, too.</summary>
    public static (int Left, int Right) Centered(int missing, int width)
    {
        var left = missing / 2 + (missing & width & 1);
        return (left, missing - left);
    }

    public static Str Surround(Str text, int left, int right, string fill)
    {
        if (left + right == 0)
            return text;
        var builder = new TextBuilder();
        builder.AppendRepeated(fill, left);
        builder.Append(text);
        builder.AppendRepeated(fill, right);
        return builder.ToStr(text.IsMarkup);
    }
}
