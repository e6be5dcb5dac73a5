namespace Alidade.Training.Loops;

/// <summary>What filters of generated text share.</summary>
internal static class TextFilters
{
    /// <summary>Runs of letters and digits in lower case.</summary>
    public static string[] Words(string text)
    {
        var words = new List<string>();
        for (var start = 0; start < text.Length;)
        {
            var end = start;
            while (end < text.Length && char.IsLetterOrDigit(text[end]))
                end++;
            if (end > start)
                words.Add(text[start..end].ToLowerInvariant());
            start = end + 1;
        }

        return [.. words];
    }

    /// <summary>ROUGE-L, the F-measure 2·L/(n + m) with L the words of the longest common subsequence; 0 where a text has no word.</summary>
    /// <remarks>Lin 2004.</remarks>
    public static double RougeL(string[] first, string[] second)
    {
        if (first.Length == 0 || second.Length == 0)
            return 0;
        var row = new int[second.Length + 1];
        foreach (var word in first)
        {
            var diagonal = 0;
            for (var j = 1; j <= second.Length; j++)
            {
                var above = row[j];
                row[j] = word == second[j - 1] ? diagonal + 1 : Math.Max(above, row[j - 1]);
                diagonal = above;
            }
        }

        return 2.0 * row[^1] / (first.Length + second.Length);
    }
}
