using Alidade.Core.TextOverlap;

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

    /// <summary>ROUGE-L of two texts by these words: those of any script, unlike the published tokenizer's.</summary>
    public static double RougeL(IReadOnlyList<string> first, IReadOnlyList<string> second) => CommonSubsequence.Score(first, second).F;
}
