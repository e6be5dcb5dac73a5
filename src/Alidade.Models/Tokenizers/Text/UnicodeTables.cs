using System.Globalization;

namespace Alidade.Models.Tokenizers;

/// <summary>
/// Unicode 14 decompositions, combining classes, Other_Alphabetic, scripts and early versions, from the resource unicode.txt (written by eng/unicode-tables.pl).
/// .NET normalises nothing under invariant globalisation and knows no scripts.
/// </summary>
internal static class UnicodeTables
{
    private static readonly Lazy<Tables> Loaded = new(Load);

    /// <summary>The one-step decomposition of a character and whether it is a canonical one; null when there is none. Hangul is not in the table.</summary>
    public static (int[] To, bool Canonical)? Decomposition(int codePoint) =>
        Loaded.Value.Decompositions.TryGetValue(codePoint, out var found) ? found : null;

    /// <summary>The canonical combining class, 0 for a starter.</summary>
    public static int CombiningClass(int codePoint) => codePoint < 0x300 ? 0 : Loaded.Value.Classes.GetValueOrDefault(codePoint);

    /// <summary>The primary composite of two characters, or null.</summary>
    public static int? Composition(int first, int second) =>
        Loaded.Value.Compositions.TryGetValue(((long)first << 32) | (uint)second, out var composite) ? composite : null;

    /// <summary>Alphabetic, though neither a letter nor a letter number (vowel signs, circled letters).</summary>
    public static bool IsOtherAlphabetic(int codePoint) => Contains(Loaded.Value.OtherAlphabetic, codePoint);

    /// <summary>The ranges of a script by its Unicode name (Han, Hiragana), ascending; null for an unknown name.</summary>
    public static IReadOnlyList<(int First, int Last)>? Script(string name) => Loaded.Value.Scripts.GetValueOrDefault(name);

    /// <summary>The names of all scripts.</summary>
    public static IEnumerable<string> ScriptNames => Loaded.Value.Scripts.Keys;

    /// <summary>The script of a character by its Unicode name; null when the character is not assigned.</summary>
    public static string? ScriptOf(int codePoint)
    {
        var ranges = Loaded.Value.ByScript;
        var (low, high) = (0, ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = ranges[middle].Last < codePoint ? (middle + 1, high) : (low, middle);
        }

        return low < ranges.Count && ranges[low].First <= codePoint ? ranges[low].Script : null;
    }

    /// <summary>True for a character that Unicode 8, or 9, had already: some parts of the reference know no later ones.</summary>
    /// <param name="codePoint">The character.</param>
    /// <param name="version">8 or 9.</param>
    public static bool IsIn(int codePoint, int version) =>
        codePoint < 0x300 || Contains(Loaded.Value.Version8, codePoint) || (version == 9 && Contains(Loaded.Value.Version9, codePoint));

    /// <summary>Binary search in ascending ranges.</summary>
    public static bool Contains(IReadOnlyList<(int First, int Last)> ranges, int codePoint)
    {
        int low = 0, high = ranges.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (codePoint < ranges[middle].First)
                high = middle - 1;
            else if (codePoint > ranges[middle].Last)
                low = middle + 1;
            else
                return true;
        }

        return false;
    }

    private static Tables Load()
    {
        var tables = new Tables();
        var excluded = new HashSet<int>();
        using var stream = typeof(UnicodeTables).Assembly.GetManifestResourceStream("Alidade.Models.Tokenizers.unicode.txt")
            ?? throw new InvalidOperationException("the assembly lacks its resource unicode.txt");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            var part = line.Split(' ');
            switch (part[0])
            {
                case "D" or "K":
                    tables.Decompositions[Hex(part[1])] = ([.. part[2..].Select(Hex)], part[0] == "D");
                    break;
                case "X":
                    excluded.Add(Hex(part[1]));
                    break;
                case "C":
                    var (first, last) = Range(part[2]);
                    for (var c = first; c <= last; c++)
                        tables.Classes[c] = byte.Parse(part[1], CultureInfo.InvariantCulture);
                    break;
                case "A":
                    tables.OtherAlphabetic.Add(Range(part[1]));
                    break;
                case "V":
                    (part[1] == "8" ? tables.Version8 : tables.Version9).Add(Range(part[2]));
                    break;
                case "S":
                    if (!tables.Scripts.TryGetValue(part[1], out var ranges))
                        tables.Scripts[part[1]] = ranges = [];
                    ranges.Add(Range(part[2]));
                    break;
            }
        }

        tables.ByScript.AddRange(tables.Scripts.SelectMany(s => s.Value.Select(r => (r.First, r.Last, s.Key))).OrderBy(r => r.First));

        foreach (var (composite, (to, canonical)) in tables.Decompositions)
            if (canonical && to.Length == 2 && !excluded.Contains(composite))
                tables.Compositions[((long)to[0] << 32) | (uint)to[1]] = composite;
        return tables;
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static (int First, int Last) Range(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash < 0 ? (Hex(text), Hex(text)) : (Hex(text[..dash]), Hex(text[(dash + 1)..]));
    }

    private sealed class Tables
    {
        public Dictionary<int, (int[] To, bool Canonical)> Decompositions { get; } = [];

        public Dictionary<int, byte> Classes { get; } = [];

        public Dictionary<long, int> Compositions { get; } = [];

        public List<(int First, int Last)> OtherAlphabetic { get; } = [];

        public List<(int First, int Last)> Version8 { get; } = [];

        public List<(int First, int Last)> Version9 { get; } = [];

        public Dictionary<string, List<(int First, int Last)>> Scripts { get; } = [];

        public List<(int First, int Last, string Script)> ByScript { get; } = [];
    }
}
