using System.Text.RegularExpressions;

namespace Alidade.Evaluation.Factuality;

/// <summary>
/// Exact match and F1 of short answers, the best over the references. Before they are compared, case, ASCII punctuation and the words a, an, the go; F1 is that of the
/// words in common, counted as often as both have them.
/// </summary>
/// <remarks>Rajpurkar et al. 2016 and 2018 (arXiv 1606.05250, 1806.03822). An empty side scores 1 with an empty one and else 0, as in version 2.0 of the script;
/// version 1.1 gives 0 for both.</remarks>
public static partial class Squad
{
    private const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    /// <summary>An answer as it is compared.</summary>
    public static string Normalise(string answer) => string.Join(' ', Words(answer));

    /// <summary>1 when the answer equals a reference, else 0.</summary>
    public static double ExactMatch(string answer, params IReadOnlyList<string> references) => references.Any(r => Normalise(answer) == Normalise(r)) ? 1 : 0;

    /// <summary>The largest F1 with a reference, 0 … 1.</summary>
    public static double F1(string answer, params IReadOnlyList<string> references) => references.Max(r => F1Of(Words(answer), Words(r)));

    private static double F1Of(string[] answer, string[] reference)
    {
        if (answer.Length == 0 || reference.Length == 0)
            return answer.Length == reference.Length ? 1 : 0;
        var left = reference.CountBy(w => w).ToDictionary();
        double common = answer.CountBy(w => w).Sum(w => Math.Min(w.Value, left.GetValueOrDefault(w.Key)));
        return Core.TextOverlap.OverlapScore.Of(common / answer.Length, common / reference.Length).F;
    }

    private static string[] Words(string answer)
    {
        var plain = string.Concat(PythonText.Lower(answer).Where(c => !Punctuation.Contains(c, StringComparison.Ordinal)));
        return PythonText.Words(Articles().Replace(plain, " "));
    }

    [GeneratedRegex(@"\b(a|an|the)\b")]
    private static partial Regex Articles();
}
