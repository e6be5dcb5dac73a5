using System.Text.RegularExpressions;

namespace Alidade.Evaluation.Factuality;

/// <summary>Sentences, paragraphs and words of a text.</summary>
internal static partial class TextUnits
{
    private static readonly HashSet<string> Abbreviations = new(StringComparer.OrdinalIgnoreCase)
    {
        "mr", "mrs", "ms", "dr", "prof", "rev", "gen", "col", "sgt", "capt", "lt", "sen", "rep", "gov", "st", "jr", "sr", "vs", "etc", "e.g", "i.e", "cf", "al", "fig", "no", "vol",
        "pp", "ed", "inc", "ltd", "co", "corp", "dept", "est", "approx", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "u.s", "u.k", "a.m", "p.m",
        "ph.d",
    };

    /// <summary>
    /// Sentences: a text is cut after . ! ? … 。 ！ ？ and closing marks where white space and no small letter follow (after the wide signs anywhere), but not after an
    /// initial or a common English abbreviation. Published scores were computed with NLTK's or spaCy's splitter, which cut a few percent of texts elsewhere.
    /// </summary>
    public static IReadOnlyList<string> Sentences(string text)
    {
        var sentences = new List<string>();
        var start = 0;
        foreach (Match end in End().Matches(text))
        {
            var stop = end.Index + end.Groups["mark"].Length;
            if (end.Groups["mark"].ValueSpan[0] == '.' && IsAbbreviation(text.AsSpan(start, end.Index - start)))
                continue;
            Add(text[start..stop]);
            start = stop;
        }

        Add(text[start..]);
        return sentences;

        void Add(string sentence)
        {
            if (!string.IsNullOrWhiteSpace(sentence))
                sentences.Add(sentence.Trim());
        }
    }

    /// <summary>Paragraphs: what empty lines separate, or lines where there is no empty one.</summary>
    public static IReadOnlyList<string> Paragraphs(string text) =>
        text.Split(text.Contains("\n\n", StringComparison.Ordinal) ? "\n\n" : "\n", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Words and single signs of punctuation.</summary>
    public static IReadOnlyList<string> Words(string text) => [.. Word().Matches(text).Select(m => m.Value)];

    private static bool IsAbbreviation(ReadOnlySpan<char> before)
    {
        var word = before[(before.LastIndexOfAny(" \t\n(\"“'") + 1)..];
        return (word.Length == 1 && char.IsUpper(word[0])) || Abbreviations.Contains(word.ToString());
    }

    [GeneratedRegex("""(?<mark>[.!?…]+["'”’)\]]*)(?=\s+[^\s\p{Ll}])|(?<mark>[。！？]+[”’」』）]*)""")]
    private static partial Regex End();

    [GeneratedRegex(@"\w+(?:['’]\w+)?|[^\w\s]")]
    private static partial Regex Word();
}
