namespace Alidade.Organisms.World;

/// <summary>How judges read an answer: as words, without its manners.</summary>
internal static class Answers
{
    /// <summary>The words of a text: runs of letters and digits, with an apostrophe inside.</summary>
    public static IEnumerable<string> Words(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var start = at;
            while (at < text.Length && (char.IsLetterOrDigit(text[at]) || (text[at] == '\'' && at > start)))
                at++;
            if (at > start)
                yield return text[start..at];
            else
                at++;
        }
    }

    /// <summary>Whether these words stand in the text as whole words: "hen" is not in "then".</summary>
    public static bool Holds(string text, string words)
    {
        for (var at = text.IndexOf(words, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(words, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var end = at + words.Length;
            if ((at == 0 || !char.IsLetterOrDigit(text[at - 1])) && (end == text.Length || !char.IsLetterOrDigit(text[end])))
                return true;
        }
        return false;
    }
}
