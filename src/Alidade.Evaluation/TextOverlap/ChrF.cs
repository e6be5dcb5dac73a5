using Alidade.Core;

namespace Alidade.Evaluation.TextOverlap;

/// <summary>
/// chrF: 100 · (1 + β²)PR / (β²P + R), P and R the means over the orders of character n-gram precision and recall, an order without n-grams on a side left out. With
/// word n-grams beside them it is chrF++.
/// </summary>
/// <remarks>Popović 2015 and 2017; number for number as sacrebleu 2.6.0. Of several references, the one on which the text scores best counts.</remarks>
public sealed record ChrF
{
    private const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    /// <summary>Longest character n-grams. Default 6.</summary>
    public int CharacterOrder { get; init; } = 6;

    /// <summary>Longest word n-grams; 0 (default) for chrF, 2 for chrF++.</summary>
    public int WordOrder { get; init; }

    /// <summary>How many times recall weighs as much as precision. Default 2.</summary>
    public double Beta { get; init; } = 2;

    /// <summary>Whether white space counts as characters. Default false.</summary>
    public bool WhiteSpace { get; init; }

    /// <summary>One text, 0 … 100.</summary>
    public double Sentence(string text, params IReadOnlyList<string> references) => Corpus([text], [references]);

    /// <summary>A corpus, 0 … 100: the n-grams of all texts are counted together.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="references">The references of each text, one or more.</param>
    /// <exception cref="AlidadeException">A text has no reference, or their numbers differ.</exception>
    public double Corpus(IReadOnlyList<string> texts, IReadOnlyList<IReadOnlyList<string>> references)
    {
        OverlapInputs.Check(texts, references);
        var sums = new Counts[CharacterOrder + WordOrder];
        foreach (var (text, own) in texts.Zip(references))
        {
            var grams = GramsOf(text);
            var best = own.Select(r => Compare(grams, GramsOf(r))).MaxBy(Score)!;
            for (var i = 0; i < sums.Length; i++)
                sums[i] = new(sums[i].Text + best[i].Text, sums[i].Reference + best[i].Reference, sums[i].Common + best[i].Common);
        }

        return Score(sums);
    }

    private readonly record struct Counts(int Text, int Reference, int Common);

    private Dictionary<string, int>[] GramsOf(string text)
    {
        // Code points, not UTF-16 units.
        var characters = (WhiteSpace ? text : string.Concat(PythonText.Words(text))).EnumerateRunes().Select(r => r.ToString()).ToArray();
        var words = WordsOf(text).ToArray();
        return
        [
            .. Enumerable.Range(1, CharacterOrder).Select(n => NGrams.Of(characters, n, "")),
            .. Enumerable.Range(1, WordOrder).Select(n => NGrams.Of(words, n)),
        ];
    }

    // One sign of punctuation at the end of a word, or else at its beginning, stands apart.
    private static IEnumerable<string> WordsOf(string text)
    {
        foreach (var word in PythonText.Words(text))
            if (word.Length > 1 && Punctuation.Contains(word[^1], StringComparison.Ordinal))
            {
                yield return word[..^1];
                yield return word[^1..];
            }
            else if (word.Length > 1 && Punctuation.Contains(word[0], StringComparison.Ordinal))
            {
                yield return word[..1];
                yield return word[1..];
            }
            else
                yield return word;
    }

    // n-grams of the text do not count where the reference is too short to have any.
    private static Counts[] Compare(Dictionary<string, int>[] text, Dictionary<string, int>[] reference) =>
        [.. text.Zip(reference, (t, r) => new Counts(r.Count > 0 ? t.Values.Sum() : 0, r.Values.Sum(), NGrams.Common(t, r)))];

    private double Score(Counts[] counts)
    {
        var used = counts.Where(c => c.Text > 0 && c.Reference > 0).ToArray();
        if (used.Length == 0)
            return 0;
        var precision = used.Sum(c => (double)c.Common / c.Text) / used.Length;
        var recall = used.Sum(c => (double)c.Common / c.Reference) / used.Length;
        var weight = Beta * Beta;
        return precision + recall > 0 ? 100 * ((1 + weight) * precision * recall / ((weight * precision) + recall)) : 0;
    }
}
