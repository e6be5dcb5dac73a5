using System.Text.RegularExpressions;

namespace Alidade.Evaluation.General;

/// <summary>The number at the end of a worked solution.</summary>
/// <remarks>Cobbe et al. 2021 (arXiv 2110.14168). On the four systems published with the data this gives the published verdict for all 5,276 solutions. The filters of
/// lm-evaluation-harness are in <see cref="Tasks.Filters.RegexFilter"/>; they ask for another form of answer.</remarks>
public static partial class Gsm8kAnswers
{
    /// <summary>The number after the last "A:", without thousands commas and a full stop behind it; null when there is none.</summary>
    public static string? AfterMark(string solution) =>
        Marked().Matches(solution) is { Count: > 0 } found ? found[^1].Groups[1].Value.Replace(",", "", StringComparison.Ordinal).TrimEnd('.') : null;

    /// <summary>True when a solution ends in the same number as the worked one.</summary>
    public static bool IsCorrect(string solution, string worked) => AfterMark(solution) == AfterMark(worked);

    [GeneratedRegex("A: *(-?[0-9.,]+)")]
    private static partial Regex Marked();
}
