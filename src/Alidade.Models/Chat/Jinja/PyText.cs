using System.Globalization;
using System.Text;

namespace Alidade.Models.Chat.Jinja;

/// <summary>Python's view of text: code points, its own notion of white space and line ends, and which characters it prints as they are.</summary>
internal static class PyText
{
    /// <summary>Python's <c>str.isspace</c> for one character: U+001C to U+001F, U+0085 and U+00A0 belong to it, U+200B and U+FEFF do not.</summary>
    public static bool IsSpace(char c) => c switch
    {
        <= ' ' => c == ' ' || c is >= '\t' and <= '\r' or >= '\x1c' and <= '\x1f',
        _ => c is '\x85' or '\xa0' or '\u1680' or >= '\u2000' and <= '\u200a' or '\u2028' or '\u2029' or '\u202f' or '\u205f' or '\u3000',
    };

    public static int CodePoints(string text)
    {
        var count = text.Length;
        for (var i = 0; i + 1 < text.Length; i++)
            if (char.IsSurrogatePair(text[i], text[i + 1]))
                count--;
        return count;
    }

    /// <summary>The UTF-16 offset of a code point; the text's length when there are fewer.</summary>
    public static int Offset(string text, int codePoint)
    {
        var offset = 0;
        for (; codePoint > 0 && offset < text.Length; codePoint--)
            offset += WidthAt(text, offset);
        return offset;
    }

    /// <summary>1, or 2 where a surrogate pair stands.</summary>
    public static int WidthAt(string text, int offset) => offset + 1 < text.Length && char.IsSurrogatePair(text[offset], text[offset + 1]) ? 2 : 1;

    public static int CodeAt(string text, int offset) => WidthAt(text, offset) == 2 ? char.ConvertToUtf32(text, offset) : text[offset];

    /// <summary>The code points as one-character strings of their own.</summary>
    public static IEnumerable<Str> Characters(Str text)
    {
        for (var i = 0; i < text.Value.Length;)
        {
            var width = WidthAt(text.Value, i);
            yield return text.Cut(i, width);
            i += width;
        }
    }

    /// <summary>Where the lines of a text stand, without their ends; Python's <c>splitlines</c>.</summary>
    public static IEnumerable<(int Start, int End, int Next)> Lines(string text)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = start;
            while (end < text.Length && !IsLineEnd(text[end]))
                end++;
            var next = Math.Min(text.Length, end + (end + 1 < text.Length && text[end] == '\r' && text[end + 1] == '\n' ? 2 : 1));
            yield return (start, end, next);
            start = next;
        }
    }

    /// <summary>Order by code point, which is not the order of UTF-16 units above U+D7FF.</summary>
    public static int Compare(string left, string right)
    {
        var length = Math.Min(left.Length, right.Length);
        for (var i = 0; i < length; i++)
            if (left[i] != right[i])
                return Weight(left[i]).CompareTo(Weight(right[i]));
        return left.Length.CompareTo(right.Length);

        static int Weight(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
    }

    /// <summary>Python's <c>str.isprintable</c> for one code point.</summary>
    public static bool IsPrintable(int code) => code == ' ' || Category(code) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    public static UnicodeCategory Category(int code) => CharUnicodeInfo.GetUnicodeCategory(code);

    /// <summary>True when there is a code point and all of them are as asked.</summary>
    public static bool All(string text, Func<int, bool> holds)
    {
        for (var i = 0; i < text.Length; i += WidthAt(text, i))
            if (!holds(CodeAt(text, i)))
                return false;
        return text.Length > 0;
    }

    public static string FromCode(int code) => code is >= 0xD800 and <= 0xDFFF ? ((char)code).ToString() : new Rune(code).ToString();

    private static bool IsLineEnd(char c) => c is >= '\n' and <= '\r' or >= '\x1c' and <= '\x1e' or '\x85' or '\u2028' or '\u2029';
}
