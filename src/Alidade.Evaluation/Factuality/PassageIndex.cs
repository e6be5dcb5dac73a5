using Alidade.Core;
using Alidade.Core.Data;

namespace Alidade.Evaluation.Factuality;

/// <summary>A stretch of a page.</summary>
/// <param name="Title">The page's title.</param>
/// <param name="Text">The stretch.</param>
public sealed record KnowledgePassage(string Title, string Text);

/// <summary>
/// Finds passages by BM25: Σ_t idf(t) · f(t)(k₁ + 1) / (f(t) + k₁(1 − b + b·length/mean length)) over the words t of the query, idf(t) = ln(1 + (N − df + ½)/(df + ½)). Pages are
/// cut into passages of whole sentences.
/// </summary>
/// <remarks>Robertson and Zaragoza 2009, "The probabilistic relevance framework: BM25 and beyond"; the idf is Lucene's, which is never negative.</remarks>
public sealed class PassageIndex
{
    private const double K1 = 1.5;
    private const double B = 0.75;
    private const int PassageWords = 150;

    private readonly KnowledgePassage[] passages;
    private readonly Dictionary<string, int>[] counts;
    private readonly double[] lengths;
    private readonly Dictionary<string, int> holding = new(StringComparer.Ordinal);
    private readonly ILookup<string, int> byTitle;

    /// <summary>Cuts and counts pages.</summary>
    public PassageIndex(IEnumerable<KnowledgePage> pages)
    {
        passages = [.. pages.SelectMany(Cut)];
        if (passages.Length == 0)
            throw new AlidadeException("the knowledge source holds no text");
        counts = [.. passages.Select(p => Words(p.Title + " " + p.Text).CountBy(w => w).ToDictionary(StringComparer.Ordinal))];
        lengths = [.. counts.Select(c => (double)c.Values.Sum())];
        foreach (var word in counts.SelectMany(c => c.Keys))
            holding[word] = holding.GetValueOrDefault(word) + 1;
        byTitle = Enumerable.Range(0, passages.Length).ToLookup(i => passages[i].Title.Trim(), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The passages nearest to a query, the best first. A topic that is the title of a page is looked up on that page alone.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="query">What is looked for.</param>
    /// <param name="count">Most passages.</param>
    public IReadOnlyList<KnowledgePassage> Find(string topic, string query, int count)
    {
        string[] words = [.. Words(query + " " + topic).Distinct()];
        var among = byTitle.Contains(topic.Trim()) ? byTitle[topic.Trim()] : Enumerable.Range(0, passages.Length);
        return [.. among.Select(i => (Passage: i, Score: Score(words, i))).OrderByDescending(p => p.Score).ThenBy(p => p.Passage).Take(count).Select(p => passages[p.Passage])];
    }

    internal double Score(IEnumerable<string> words, int passage)
    {
        var mean = lengths.Average();
        return words.Where(counts[passage].ContainsKey).Sum(word =>
        {
            var (f, df) = (counts[passage][word], holding[word]);
            return Math.Log(1 + ((passages.Length - df + 0.5) / (df + 0.5))) * f * (K1 + 1) / (f + (K1 * (1 - B + (B * lengths[passage] / mean))));
        });
    }

    internal static IEnumerable<string> Words(string text) => TextUnits.Words(PythonText.Lower(text)).Where(w => char.IsLetterOrDigit(w[0]));

    private static IEnumerable<KnowledgePassage> Cut(KnowledgePage page)
    {
        var sentences = new List<string>();
        var words = 0;
        foreach (var sentence in TextUnits.Sentences(page.Text))
        {
            var length = TextUnits.Words(sentence).Count;
            if (words > 0 && words + length > PassageWords)
            {
                yield return new(page.Title, string.Join(' ', sentences));
                (words, sentences) = (0, []);
            }

            sentences.Add(sentence);
            words += length;
        }

        if (words > 0)
            yield return new(page.Title, string.Join(' ', sentences));
    }
}
