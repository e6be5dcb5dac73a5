namespace Alidade.Core.TextOverlap;

/// <summary>The longest common subsequence of two rows of tokens: what ROUGE-L is made of, whatever a token is.</summary>
/// <remarks>Lin 2004, "ROUGE: A package for automatic evaluation of summaries", sec. 3.</remarks>
public static class CommonSubsequence
{
    /// <summary>ROUGE-L of tokens: with L the tokens of the longest common subsequence, precision L over those of the text and recall L over those of the reference.</summary>
    /// <param name="reference">Tokens of the reference.</param>
    /// <param name="text">Tokens of the text to score.</param>
    /// <returns>0 where either has no token.</returns>
    public static OverlapScore Score(IReadOnlyList<string> reference, IReadOnlyList<string> text)
    {
        var row = new int[text.Count + 1];
        foreach (var token in reference)
        {
            var diagonal = 0;
            for (var j = 1; j <= text.Count; j++)
            {
                var above = row[j];
                row[j] = token == text[j - 1] ? diagonal + 1 : Math.Max(above, row[j - 1]);
                diagonal = above;
            }
        }

        return OverlapScore.Of((double)row[^1] / Math.Max(text.Count, 1), (double)row[^1] / Math.Max(reference.Count, 1));
    }

    /// <summary>Which tokens of a reference belong to the longest common subsequence, from the last to the first; of several longest ones that which rouge-score reads out.</summary>
    /// <param name="reference">Tokens of the reference.</param>
    /// <param name="text">Tokens of the text.</param>
    public static IEnumerable<int> Positions(IReadOnlyList<string> reference, IReadOnlyList<string> text)
    {
        var table = new int[reference.Count + 1, text.Count + 1];
        for (var i = 1; i <= reference.Count; i++)
            for (var j = 1; j <= text.Count; j++)
                table[i, j] = reference[i - 1] == text[j - 1] ? table[i - 1, j - 1] + 1 : Math.Max(table[i - 1, j], table[i, j - 1]);
        // Upwards before leftwards.
        for (int i = reference.Count, j = text.Count; i > 0 && j > 0;)
            if (reference[i - 1] == text[j - 1])
            {
                yield return --i;
                j--;
            }
            else if (table[i, j - 1] > table[i - 1, j])
                j--;
            else
                i--;
    }
}
