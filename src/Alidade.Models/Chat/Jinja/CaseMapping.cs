using System.Text;

namespace Alidade.Models.Chat.Jinja;

/// <summary>
/// Python's full case mapping: Unicode's simple mapping plus SpecialCasing (ß becomes SS, a final Σ becomes ς), which .NET's invariant culture leaves out.
/// </summary>
internal static class CaseMapping
{
    // Each entry: a character and what it becomes, where that is not its simple mapping. U+1F80 to U+1FAF follow a rule and are computed.
    private static readonly Dictionary<int, string> Uppers = Read(
        "\u00DFSS \u0149\u02BCN \u01F0J\u030C \u0390\u0399\u0308\u0301 \u03B0\u03A5\u0308\u0301 \u0587\u0535\u0552 \u1E96H\u0331 "
        + "\u1E97T\u0308 \u1E98W\u030A \u1E99Y\u030A \u1E9AA\u02BE \u1F50\u03A5\u0313 \u1F52\u03A5\u0313\u0300 \u1F54\u03A5\u0313\u0301 "
        + "\u1F56\u03A5\u0313\u0342 \u1FB2\u1FBA\u0399 \u1FB3\u0391\u0399 \u1FB4\u0386\u0399 \u1FB6\u0391\u0342 \u1FB7\u0391\u0342\u0399 "
        + "\u1FBC\u0391\u0399 \u1FC2\u1FCA\u0399 \u1FC3\u0397\u0399 \u1FC4\u0389\u0399 \u1FC6\u0397\u0342 \u1FC7\u0397\u0342\u0399 "
        + "\u1FCC\u0397\u0399 \u1FD2\u0399\u0308\u0300 \u1FD3\u0399\u0308\u0301 \u1FD6\u0399\u0342 \u1FD7\u0399\u0308\u0342 "
        + "\u1FE2\u03A5\u0308\u0300 \u1FE3\u03A5\u0308\u0301 \u1FE4\u03A1\u0313 \u1FE6\u03A5\u0342 \u1FE7\u03A5\u0308\u0342 "
        + "\u1FF2\u1FFA\u0399 \u1FF3\u03A9\u0399 \u1FF4\u038F\u0399 \u1FF6\u03A9\u0342 \u1FF7\u03A9\u0342\u0399 \u1FFC\u03A9\u0399 \uFB00FF "
        + "\uFB01FI \uFB02FL \uFB03FFI \uFB04FFL \uFB05ST \uFB06ST \uFB13\u0544\u0546 \uFB14\u0544\u0535 \uFB15\u0544\u053B "
        + "\uFB16\u054E\u0546 \uFB17\u0544\u053D");

    private static readonly Dictionary<int, string> Titles = Read(
        "\u00DFSs \u01C4\u01C5 \u01C5\u01C5 \u01C6\u01C5 \u01C7\u01C8 \u01C8\u01C8 \u01C9\u01C8 \u01CA\u01CB \u01CB\u01CB \u01CC\u01CB "
        + "\u01F1\u01F2 \u01F2\u01F2 \u01F3\u01F2 \u0587\u0535\u0582 \u1FB2\u1FBA\u0345 \u1FB3\u1FBC \u1FB4\u0386\u0345 "
        + "\u1FB7\u0391\u0342\u0345 \u1FBC\u1FBC \u1FC2\u1FCA\u0345 \u1FC3\u1FCC \u1FC4\u0389\u0345 \u1FC7\u0397\u0342\u0345 \u1FCC\u1FCC "
        + "\u1FF2\u1FFA\u0345 \u1FF3\u1FFC \u1FF4\u038F\u0345 \u1FF7\u03A9\u0342\u0345 \u1FFC\u1FFC \uFB00Ff \uFB01Fi \uFB02Fl \uFB03Ffi "
        + "\uFB04Ffl \uFB05St \uFB06St \uFB13\u0544\u0576 \uFB14\u0544\u0565 \uFB15\u0544\u056B \uFB16\u054E\u0576 \uFB17\u0544\u056D");

    public static string Upper(string text) => Each(text, UpperOf);

    public static string Lower(string text)
    {
        var builder = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i += PyText.WidthAt(text, i))
            builder.Append(text[i] == '\u03A3' ? IsFinalSigma(text, i) ? "\u03C2" : "\u03C3" : LowerOf(PyText.CodeAt(text, i)));
        return builder.ToString();
    }

    /// <summary>Case folding: what <c>casefold</c> compares by.</summary>
    public static string Fold(string text) => Each(text, FoldOf);

    /// <summary><c>str.title</c>: a capital after every character that has no case, an apostrophe included.</summary>
    public static string TitleWords(string text)
    {
        var builder = new StringBuilder(text.Length);
        var inWord = false;
        for (var i = 0; i < text.Length; i += PyText.WidthAt(text, i))
        {
            var code = PyText.CodeAt(text, i);
            builder.Append(!inWord ? TitleOf(code) : code == 0x3A3 ? IsFinalSigma(text, i) ? "\u03C2" : "\u03C3" : LowerOf(code));
            inWord = CharacterClasses.IsCased(code);
        }

        return builder.ToString();
    }

    /// <summary><c>str.capitalize</c>: the first character in title case, the others lower.</summary>
    public static string Capitalize(string text)
    {
        if (text.Length == 0)
            return text;
        var width = PyText.WidthAt(text, 0);
        // Lowered as a whole first: whether a sigma is final depends on what stands before it.
        return TitleOf(PyText.CodeAt(text, 0)) + Lower(text)[Lower(text[..width]).Length..];
    }

    public static string Swap(string text)
    {
        var builder = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i += PyText.WidthAt(text, i))
        {
            var code = PyText.CodeAt(text, i);
            builder.Append(CharacterClasses.IsUpperCharacter(code)
                ? code == 0x3A3 ? IsFinalSigma(text, i) ? "\u03C2" : "\u03C3" : LowerOf(code)
                : CharacterClasses.IsLowerCharacter(code) ? UpperOf(code) : PyText.FromCode(code));
        }

        return builder.ToString();
    }

    public static string TitleOf(int code)
    {
        if (code is >= 0x1F80 and <= 0x1FAF)
            return PyText.FromCode(code | 8);
        // Georgian letters have capitals, but no title case.
        if (code is >= 0x10D0 and <= 0x10FF)
            return PyText.FromCode(code);
        return Titles.TryGetValue(code, out var title) ? title : UpperOf(code);
    }

    private static string UpperOf(int code)
    {
        if (code is >= 0x1F80 and <= 0x1FAF)
        {
            var capital = (code & 7) + (code < 0x1F90 ? 0x1F08 : code < 0x1FA0 ? 0x1F28 : 0x1F68);
            return PyText.FromCode(capital) + "\u0399";
        }

        if (Uppers.TryGetValue(code, out var upper))
            return upper;
        return code == 0x131 ? "I" : code is >= 0xD800 and <= 0xDFFF ? PyText.FromCode(code) : Rune.ToUpperInvariant(new Rune(code)).ToString();
    }

    private static string LowerOf(int code) =>
        code == 0x130 ? "i\u0307" : code is >= 0xD800 and <= 0xDFFF ? PyText.FromCode(code) : Rune.ToLowerInvariant(new Rune(code)).ToString();

    private static string FoldOf(int code) => code switch
    {
        0x131 or (>= 0x13A0 and <= 0x13F5) => PyText.FromCode(code),
        // Cherokee folds to its capitals.
        >= 0x13F8 and <= 0x13FD => PyText.FromCode(code - 8),
        >= 0xAB70 and <= 0xABBF => PyText.FromCode(code - 0xAB70 + 0x13A0),
        _ => Each(Each(LowerOf(code), UpperOf), LowerOf),
    };

    private static string Each(string text, Func<int, string> map)
    {
        var builder = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i += PyText.WidthAt(text, i))
            builder.Append(map(PyText.CodeAt(text, i)));
        return builder.ToString();
    }

    // Unicode's Final_Sigma: a cased letter before it and none after, marks and points between them not counting.
    private static bool IsFinalSigma(string text, int at)
    {
        var before = at - 1;
        while (before >= 0 && CharacterClasses.IsCaseIgnorable(text[before]))
            before--;
        var after = at + 1;
        while (after < text.Length && CharacterClasses.IsCaseIgnorable(text[after]))
            after++;
        return before >= 0 && CharacterClasses.IsCased(CodeEndingAt(text, before))
            && !(after < text.Length && CharacterClasses.IsCased(PyText.CodeAt(text, after)));
    }

    private static int CodeEndingAt(string text, int at) =>
        at > 0 && char.IsSurrogatePair(text[at - 1], text[at]) ? char.ConvertToUtf32(text, at - 1) : text[at];

    private static Dictionary<int, string> Read(string table) =>
        table.Split(' ').ToDictionary(entry => PyText.CodeAt(entry, 0), entry => entry[PyText.WidthAt(entry, 0)..]);
}
