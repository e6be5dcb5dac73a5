using System.Text.RegularExpressions;

namespace Alidade.Evaluation.Judges;

/// <summary>Reads the reply to a question of yes or no: the first word, signs around it ignored ("**Yes**"), or the reply's only yes or no.</summary>
public static partial class YesNoReply
{
    /// <summary>True for yes.</summary>
    public static Parsed<bool> Read(string reply)
    {
        string[] words = [.. Verdicts().Matches(reply).Select(m => m.Value.ToLowerInvariant())];
        return words.Length > 0 && (Opening().IsMatch(reply) || words.Distinct().Count() == 1)
            ? Parsed.Of(words[0] == "yes")
            : Parsed.None<bool>(words.Length == 0 ? "the reply is neither yes nor no" : "the reply says both yes and no");
    }

    [GeneratedRegex(@"\b(yes|no)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Verdicts();

    [GeneratedRegex(@"^\W*(yes|no)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Opening();
}
