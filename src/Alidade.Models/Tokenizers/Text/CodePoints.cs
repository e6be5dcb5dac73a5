using System.Globalization;

namespace Alidade.Models.Tokenizers;

/// <summary>
/// Reading UTF-16 as code points, and the character classes of the tokenizers' reference (Rust's and Oniguruma's, which differ from .NET's).
/// </summary>
internal static class CodePoints
{
    /// <summary>The code point at <paramref name="index"/>; an unpaired surrogate stands for itself.</summary>
    public static int At(ReadOnlySpan<char> text, int index)
    {
        var c = text[index];
        return char.IsHighSurrogate(c) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1])
            ? char.ConvertToUtf32(c, text[index + 1])
            : c;
    }

    /// <summary>The code point that ends before <paramref name="index"/> (index > 0).</summary>
    public static int Before(ReadOnlySpan<char> text, int index) => At(text, index - LengthBefore(text, index));

    /// <summary>The UTF-16 units of the code point that starts at <paramref name="index"/>.</summary>
    public static int LengthAt(ReadOnlySpan<char> text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 2 : 1;

    /// <summary>The UTF-16 units of the code point that ends before <paramref name="index"/> (index > 0).</summary>
    public static int LengthBefore(ReadOnlySpan<char> text, int index) =>
        index > 1 && char.IsLowSurrogate(text[index - 1]) && char.IsHighSurrogate(text[index - 2]) ? 2 : 1;

    /// <summary>The UTF-16 units that a code point takes.</summary>
    public static int Utf16Length(int codePoint) => codePoint > 0xFFFF ? 2 : 1;

    /// <summary>The bytes that a code point takes in UTF-8.</summary>
    public static int Utf8Length(int codePoint) => codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;

    /// <summary>The text of one code point, also of an unpaired surrogate.</summary>
    public static string ToText(int codePoint) => codePoint > 0xFFFF ? char.ConvertFromUtf32(codePoint) : ((char)codePoint).ToString();

    /// <summary>The code points of a text.</summary>
    public static List<int> Of(ReadOnlySpan<char> text)
    {
        var all = new List<int>(text.Length);
        for (var i = 0; i < text.Length; i += LengthAt(text, i))
            all.Add(At(text, i));
        return all;
    }

    /// <summary>The text with every unpaired surrogate replaced by U+FFFD; the same string when there is none.</summary>
    public static string WellFormed(string text)
    {
        char[]? mended = null;
        for (var i = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0 && i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (LengthAt(text, i) == 2)
                i++;
            else
                (mended ??= text.ToCharArray())[i] = '\uFFFD';
        }

        return mended is null ? text : new string(mended);
    }

    /// <summary>Unicode White_Space: has U+0085, U+1680 and U+2028, not U+200B or U+FEFF.</summary>
    public static bool IsWhiteSpace(int codePoint) => codePoint <= 0xFFFF && char.IsWhiteSpace((char)codePoint);

    /// <summary>Any number: Nd, Nl or No (½, ², Ⅳ).</summary>
    public static bool IsNumeric(int codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    /// <summary>Categories Mn, Mc and Me.</summary>
    public static bool IsMark(int codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    /// <summary>Category P of Unicode 8, as in the reference, or ASCII punctuation (which has symbols such as $ and + too).</summary>
    public static bool IsPunctuation(int codePoint) =>
        codePoint < 0x80
            ? codePoint is >= '!' and <= '/' or >= ':' and <= '@' or >= '[' and <= '`' or >= '{' and <= '~'
            // The last two were punctuation then.
            : (CharUnicodeInfo.GetUnicodeCategory(codePoint) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation
                or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation
                or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation || codePoint is 0x166D or 0x111C9) && UnicodeTables.IsIn(codePoint, 8);

    /// <summary>Unicode Alphabetic: letters, letter numbers and Other_Alphabetic.</summary>
    public static bool IsAlphabetic(int codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint) is <= UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber
        || (codePoint >= 0x345 && UnicodeTables.IsOtherAlphabetic(codePoint));

    /// <summary>A character of a word, as \w in Rust: Alphabetic, marks, decimal digits, connector punctuation and the two joiners.</summary>
    public static bool IsWord(int codePoint)
    {
        if (codePoint < 0x80)
            return char.IsAsciiLetterOrDigit((char)codePoint) || codePoint == '_';
        return CharUnicodeInfo.GetUnicodeCategory(codePoint) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation
            || codePoint is 0x200C or 0x200D || IsMark(codePoint) || IsAlphabetic(codePoint);
    }

    /// <summary>Lower case, one character at a time and with the full mapping: Σ gives σ even at the end of a word, İ gives i and U+0307.</summary>
    public static (int First, int Second) ToLower(int codePoint) =>
        codePoint == 0x130 ? ('i', 0x307)
        : codePoint is >= 0xD800 and <= 0xDFFF ? (codePoint, 0)
        : (System.Text.Rune.ToLowerInvariant(new System.Text.Rune(codePoint)).Value, 0);
}
