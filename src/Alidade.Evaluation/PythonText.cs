using System.Globalization;
using System.Text;

namespace Alidade.Evaluation;

/// <summary>What Python's text methods do, where a reference's numbers hang on it and .NET differs.</summary>
internal static class PythonText
{
    private const char CapitalSigma = 'Σ';

    /// <summary>Letters whose title form is more than one character: the letter, then its title form.</summary>
    /// <remarks>Unicode 16, SpecialCasing.txt, unconditional mappings.</remarks>
    private static readonly Dictionary<char, string> LongTitles =
        ("ßSs ﬀFf ﬁFi ﬂFl ﬃFfi ﬄFfl ﬅSt ﬆSt ևԵւ ﬓՄն ﬔՄե ﬕՄի ﬖՎն ﬗՄխ ŉʼN "
        + "\u0390\u0399\u0308\u0301 \u03B0\u03A5\u0308\u0301 \u01F0J\u030C \u1E96H\u0331 \u1E97T\u0308 \u1E98W\u030A \u1E99Y\u030A \u1E9AA\u02BE "
        + "\u1F50\u03A5\u0313 \u1F52\u03A5\u0313\u0300 \u1F54\u03A5\u0313\u0301 \u1F56\u03A5\u0313\u0342 \u1FB6\u0391\u0342 \u1FC6\u0397\u0342 "
        + "\u1FD2\u0399\u0308\u0300 \u1FD3\u0399\u0308\u0301 \u1FD6\u0399\u0342 \u1FD7\u0399\u0308\u0342 \u1FE2\u03A5\u0308\u0300 \u1FE3\u03A5\u0308\u0301 "
        + "\u1FE4\u03A1\u0313 \u1FE6\u03A5\u0342 \u1FE7\u03A5\u0308\u0342 \u1FF6\u03A9\u0342 \u1FB2\u1FBA\u0345 \u1FB4\u0386\u0345 \u1FC2\u1FCA\u0345 "
        + "\u1FC4\u0389\u0345 \u1FF2\u1FFA\u0345 \u1FF4\u038F\u0345 \u1FB7\u0391\u0342\u0345 \u1FC7\u0397\u0342\u0345 \u1FF7\u03A9\u0342\u0345")
        .Split(' ').ToDictionary(entry => entry[0], entry => entry[1..]);

    /// <summary><c>str.isspace</c> of one character: .NET does not count the four information separators.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    /// <summary><c>str.strip()</c>.</summary>
    public static string Strip(string text) => StripStart(StripEnd(text));

    /// <summary><c>str.lstrip()</c>.</summary>
    public static string StripStart(string text)
    {
        var start = 0;
        while (start < text.Length && IsSpace(text[start]))
            start++;
        return text[start..];
    }

    /// <summary><c>str.rstrip()</c>.</summary>
    public static string StripEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
            end--;
        return text[..end];
    }

    /// <summary><c>str.split()</c>: runs of white space separate, and none stands at an end.</summary>
    public static string[] Words(string text)
    {
        var words = new List<string>();
        for (var i = 0; i < text.Length;)
        {
            var start = i;
            while (i < text.Length && !IsSpace(text[i]))
                i++;
            if (i > start)
                words.Add(text[start..i]);
            else
                i++;
        }

        return [.. words];
    }

    /// <summary><c>str.lower()</c>: a capital sigma at the end of a word becomes ς, and İ becomes i with a dot above.</summary>
    public static string Lower(string text)
    {
        if (!text.Contains(CapitalSigma, StringComparison.Ordinal) && !text.Contains('İ', StringComparison.Ordinal))
            return text.ToLowerInvariant();
        var lower = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
            _ = text[i] switch
            {
                CapitalSigma => lower.Append(IsFinalSigma(text, i) ? 'ς' : 'σ'),
                'İ' => lower.Append("i\u0307"),
                _ => lower.Append(text[i]),
            };
        return lower.ToString().ToLowerInvariant();
    }

    /// <summary><c>str.capitalize()</c>: the first letter in its title form, <b>all others in lower case</b>.</summary>
    public static string Capitalize(string text)
    {
        if (text.Length == 0)
            return text;
        var first = char.IsSurrogatePair(text, 0) ? text[..2] : text[..1];
        // The sigma rule looks at the whole text, so the whole is lowered and the first letter's share cut off.
        return Title(first) + Lower(text)[Lower(first).Length..];
    }

    private static string Title(string letter) => letter[0] switch
    {
        var c when LongTitles.TryGetValue(c, out var title) => title,
        'Ǆ' or 'ǅ' or 'ǆ' => "ǅ",
        'Ǉ' or 'ǈ' or 'ǉ' => "ǈ",
        'Ǌ' or 'ǋ' or 'ǌ' => "ǋ",
        'Ǳ' or 'ǲ' or 'ǳ' => "ǲ",
        // Georgian has capitals, but no title form.
        >= 'ა' and <= 'ჿ' => letter,
        _ => letter.ToUpperInvariant(),
    };

    private static bool IsFinalSigma(string text, int at)
    {
        var before = at - 1;
        while (before >= 0 && IsCaseIgnorable(text[before]))
            before--;
        var after = at + 1;
        while (after < text.Length && IsCaseIgnorable(text[after]))
            after++;
        return before >= 0 && IsCased(text[before]) && (after == text.Length || !IsCased(text[after]));
    }

    private static bool IsCased(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static bool IsCaseIgnorable(char c) =>
        "'.:·․‘’﹒﹕．：".Contains(c, StringComparison.Ordinal)
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
            or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}
