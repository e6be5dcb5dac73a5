using System.Globalization;

namespace Alidade.Models.Tokenizers;

/// <summary>A set of code points, as a pattern names them: <c>[^\s\p{L}]</c>, <c>\d</c>, a single letter. ASCII is answered from a bit map.</summary>
internal sealed class CharacterSet
{
    private static readonly Dictionary<string, uint> Categories = Masks();

    private readonly Func<int, bool> test;

    /// <summary>The set of the code points that pass <paramref name="test"/>.</summary>
    public CharacterSet(Func<int, bool> test)
    {
        this.test = test;
        UInt128 ascii = 0;
        for (var c = 0; c < 128; c++)
            if (test(c))
                ascii |= UInt128.One << c;
        Low = (ulong)ascii;
        High = (ulong)(ascii >> 64);
    }

    /// <summary>Which of the first 64 code points are in the set.</summary>
    public ulong Low { get; }

    /// <summary>Which of the second 64 code points are in the set.</summary>
    public ulong High { get; }

    /// <summary>Whether the set has the code point.</summary>
    public bool Contains(int codePoint) =>
        codePoint < 64 ? (Low >> codePoint & 1) != 0 : codePoint < 128 ? (High >> (codePoint - 64) & 1) != 0 : test(codePoint);

    /// <summary>One code point.</summary>
    public static CharacterSet Of(int codePoint) => new(c => c == codePoint);

    /// <summary>All code points from the first to the last.</summary>
    public static CharacterSet Range(int first, int last) => new(c => c >= first && c <= last);

    /// <summary>Any of the sets.</summary>
    public static CharacterSet Union(IReadOnlyList<CharacterSet> sets)
    {
        if (sets.Count == 1)
            return sets[0];
        var parts = sets.ToArray();
        return new(c =>
        {
            foreach (var part in parts)
                if (part.Contains(c))
                    return true;
            return false;
        });
    }

    /// <summary>What both sets have.</summary>
    public CharacterSet And(CharacterSet other) => new(c => Contains(c) && other.Contains(c));

    /// <summary>Everything else.</summary>
    public CharacterSet Not() => new(c => !Contains(c));

    /// <summary>The set, whatever the case (simple folding, with ſ = s and K = k).</summary>
    public CharacterSet IgnoringCase() => new(c =>
    {
        if (Contains(c))
            return true;
        if (c is >= 0xD800 and <= 0xDFFF)
            return false;
        var rune = new System.Text.Rune(c);
        var lower = System.Text.Rune.ToLowerInvariant(rune).Value;
        return Contains(lower) || Contains(System.Text.Rune.ToUpperInvariant(rune).Value)
            || (c == 0x17F && (Contains('s') || Contains('S'))) || (lower == 's' && Contains(0x17F)) || (lower == 'k' && Contains(0x212A));
    });

    /// <summary>The set of a property: a general category (L, Lu, Letter), a script (Han) or a binary property (Alphabetic); null when unknown.</summary>
    public static CharacterSet? Property(string name)
    {
        var key = string.Concat(name.Where(c => c is not ('_' or ' ' or '-'))).ToLowerInvariant();
        if (Categories.TryGetValue(key, out var mask))
            return new(c => (mask >> (int)CharUnicodeInfo.GetUnicodeCategory(c) & 1) != 0);
        switch (key)
        {
            case "any":
                return new(_ => true);
            case "alphabetic" or "alpha":
                return new(CodePoints.IsAlphabetic);
            case "whitespace" or "space":
                return new(CodePoints.IsWhiteSpace);
            case "digit":
                return Property("Nd");
            case "punct":
                return new(CodePoints.IsPunctuation);
            case "alnum":
                return new(c => CodePoints.IsAlphabetic(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.DecimalDigitNumber);
            case "upper" or "uppercase":
                return Property("Lu");
            case "lower" or "lowercase":
                return Property("Ll");
            case "cntrl":
                return Property("Cc");
            case "xdigit":
                return new(c => c < 128 && char.IsAsciiHexDigit((char)c));
            case "blank":
                return new(c => c == '\t' || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.SpaceSeparator);
            case "word":
                return Word;
            case "ascii":
                return Range(0, 127);
        }

        var script = UnicodeTables.ScriptNames.FirstOrDefault(s => s.Replace("_", "", StringComparison.Ordinal).Equals(key, StringComparison.OrdinalIgnoreCase));
        if (script is null)
            return null;
        var ranges = UnicodeTables.Script(script)!;
        return new(c => UnicodeTables.Contains(ranges, c));
    }

    /// <summary>\w as Oniguruma has it: Alphabetic, marks, decimal digits, connector punctuation and Latin-1's fractions and superscripts; no joiners.</summary>
    public static CharacterSet Word { get; } = new(c => CodePoints.IsWord(c) ? c is not (0x200C or 0x200D) : c is 0xB2 or 0xB3 or 0xB9 or >= 0xBC and <= 0xBE);

    private static Dictionary<string, uint> Masks()
    {
        // In the order of System.Globalization.UnicodeCategory.
        string[] names =
        [
            "lu", "ll", "lt", "lm", "lo", "mn", "mc", "me", "nd", "nl", "no", "zs", "zl", "zp", "cc", "cf", "cs", "co", "pc", "pd", "ps", "pe", "pi", "pf",
            "po", "sm", "sc", "sk", "so", "cn",
        ];
        var masks = new Dictionary<string, uint>();
        for (var i = 0; i < names.Length; i++)
        {
            masks[names[i]] = 1u << i;
            var major = names[i][..1];
            masks[major] = masks.GetValueOrDefault(major) | 1u << i;
        }

        (string Long, string Short)[] longNames =
        [
            ("letter", "l"), ("mark", "m"), ("number", "n"), ("separator", "z"), ("other", "c"), ("punctuation", "p"), ("symbol", "s"),
            ("uppercaseletter", "lu"), ("lowercaseletter", "ll"), ("titlecaseletter", "lt"), ("modifierletter", "lm"), ("otherletter", "lo"),
            ("nonspacingmark", "mn"), ("spacingmark", "mc"), ("decimalnumber", "nd"), ("control", "cc"),
        ];
        foreach (var (longName, shortName) in longNames)
            masks[longName] = masks[shortName];
        return masks;
    }
}
