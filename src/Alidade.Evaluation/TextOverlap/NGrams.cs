namespace Alidade.Evaluation.TextOverlap;

/// <summary>Runs of n neighbouring tokens, counted.</summary>
internal static class NGrams
{
    /// <summary>Counts of the n-grams of tokens that hold no <paramref name="separator"/>.</summary>
    /// <param name="tokens">Tokens.</param>
    /// <param name="n">Tokens of a run, from 1.</param>
    /// <param name="separator">What stands between the tokens of a key.</param>
    public static Dictionary<string, int> Of(IReadOnlyList<string> tokens, int n, string separator = " ")
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i + n <= tokens.Count; i++)
        {
            var key = n == 1 ? tokens[i] : string.Join(separator, tokens.Skip(i).Take(n));
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }

        return counts;
    }

    /// <summary>How many stand in both, each as often as in the side that has fewer.</summary>
    public static int Common(Dictionary<string, int> first, Dictionary<string, int> second) =>
        first.Sum(gram => Math.Min(gram.Value, second.GetValueOrDefault(gram.Key)));
}
