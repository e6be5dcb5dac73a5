using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Judges;

/// <summary>Questions to a judge that are answered by yes or no.</summary>
internal static partial class YesNo
{
    /// <summary>Why there is no verdict.</summary>
    public const string Unread = "the judge's reply is neither yes nor no";

    /// <summary>Room for a few words before the verdict, or for a judge that thinks a little.</summary>
    private const int MostTokens = 64;

    /// <summary>Asks.</summary>
    public static GenerationRequest Request(string question) => new(new Message("user", question)) { MaxNewTokens = MostTokens };

    /// <summary>The verdict: the reply's first word, marks around it ignored, or its only yes or no; null with the reason when there is none.</summary>
    public static (bool? Verdict, string? Why) Read(Response response)
    {
        if (response is not GeneratedTexts texts)
            return (null, "judge: " + ((Unanswered)response).Reason);
        var words = Verdicts().Matches(texts.First.Text).Select(m => m.Value.ToLowerInvariant()).ToArray();
        var opens = Opening().IsMatch(texts.First.Text);
        return words.Length > 0 && (opens || words.Distinct().Count() == 1) ? (words[0] == "yes", null) : (null, Unread);
    }

    [GeneratedRegex(@"\b(yes|no)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Verdicts();

    [GeneratedRegex(@"^\W*(yes|no)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Opening();
}
