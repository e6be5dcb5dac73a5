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
}
