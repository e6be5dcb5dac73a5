using System.Globalization;
using System.Text.RegularExpressions;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.General;

/// <summary>The twelve skills of FLASK.</summary>
public enum FlaskSkill
{
    /// <summary>Reasoning without contradiction, edge cases included.</summary>
    LogicalRobustness,

    /// <summary>A right final answer.</summary>
    LogicalCorrectness,

    /// <summary>No needless step.</summary>
    LogicalEfficiency,

    /// <summary>True, supported statements.</summary>
    Factuality,

    /// <summary>World knowledge that everybody has.</summary>
    CommonsenseUnderstanding,

    /// <summary>Does what was asked.</summary>
    Comprehension,

    /// <summary>New or deep thoughts.</summary>
    Insightfulness,

    /// <summary>Says enough.</summary>
    Completeness,

    /// <summary>Knows what it does not know.</summary>
    Metacognition,

    /// <summary>Well ordered and easy to read.</summary>
    Readability,

    /// <summary>Says no more than is needed.</summary>
    Conciseness,

    /// <summary>Without bias, harm or danger.</summary>
    Harmlessness,
}

/// <summary>The scores of one answer.</summary>
/// <param name="Scores">For each skill that the instruction asks for, 1 … 5; null where the judge says that the skill does not apply.</param>
public sealed record FlaskScores(IReadOnlyDictionary<FlaskSkill, int?> Scores);

/// <summary>The mean of a skill.</summary>
/// <param name="Skill">The skill.</param>
/// <param name="Mean">Mean score and its standard error; null when no answer has a score.</param>
/// <param name="NotApplicable">Answers to which the judge says that the skill does not apply.</param>
public sealed record FlaskMean(FlaskSkill Skill, MeanEstimate? Mean, int NotApplicable);

/// <summary>FLASK: a judge scores an answer from 1 to 5 in the skills that the instruction asks for; a skill's number is the mean over the answers that have a score for it.</summary>
/// <remarks>
/// Ye et al. 2024 (arXiv 2307.10928); github.com/kaistAI/FLASK <c>parse_score</c>, <c>aggregate_skill.py</c>: the last {…} of the reply, a dictionary of skill names and scores,
/// "N/A" where one does not apply. The authors take what they find; Alidade reads a reply only when it has a score from 1 to 5, or N/A, for each skill that was asked for.
/// </remarks>
public static partial class Flask
{
    /// <summary>The skill of a name as FLASK writes it, such as "Logical Correctness"; null for any other.</summary>
    public static FlaskSkill? SkillOf(string name)
    {
        var plain = string.Concat(name.Where(char.IsLetter));
        // The authors' file has both "Commonsense Understanding" and "Commonsense", and their judge shortens names as well.
        var found = Enum.GetValues<FlaskSkill>().Where(s => plain.Length >= 6 && (s.ToString().Equals(plain, StringComparison.OrdinalIgnoreCase)
            || s.ToString().StartsWith(plain, StringComparison.OrdinalIgnoreCase) || s.ToString().EndsWith(plain, StringComparison.OrdinalIgnoreCase))).ToArray();
        return found.Length == 1 ? found[0] : null;
    }

    /// <summary>The name of a skill as FLASK writes it.</summary>
    public static string NameOf(FlaskSkill skill) => Capital().Replace(skill.ToString(), " $0");

    /// <summary>Reads a reply.</summary>
    /// <param name="reply">The judge's reply.</param>
    /// <param name="asked">The skills that it was asked to score.</param>
    public static Parsed<FlaskScores> Read(string reply, IReadOnlyCollection<FlaskSkill> asked)
    {
        if (Dictionary().Matches(reply) is not { Count: > 0 } found)
            return Parsed.None<FlaskScores>("no dictionary {…} of scores");
        var scores = new Dictionary<FlaskSkill, int?>();
        foreach (Match entry in Entry().Matches(found[^1].Value))
        {
            var value = entry.Groups[2].Value.Trim('\'', '"', ' ').ToUpperInvariant();
            if (SkillOf(entry.Groups[1].Value) is not { } skill || !asked.Contains(skill))
                continue;
            if (value is "N/A" or "NA" or "NOT APPLICABLE")
                scores[skill] = null;
            else if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var score) && score is 1 or 2 or 3 or 4 or 5)
                scores[skill] = (int)score;
            else
                return Parsed.None<FlaskScores>("a score that is not 1, 2, 3, 4, 5 or N/A");
        }

        return asked.All(scores.ContainsKey) ? Parsed.Of(new FlaskScores(scores)) : Parsed.None<FlaskScores>("a skill without a score");
    }

    /// <summary>The mean of each skill that any answer was scored in, in the order of the enumeration.</summary>
    public static IReadOnlyList<FlaskMean> BySkill(IReadOnlyCollection<FlaskScores> answers) =>
    [
        .. from skill in Enum.GetValues<FlaskSkill>()
           let all = answers.Where(a => a.Scores.ContainsKey(skill)).Select(a => a.Scores[skill]).ToArray()
           where all.Length > 0
           let scores = all.OfType<int>().Select(s => (double)s).ToArray()
           select new FlaskMean(skill, scores.Length == 0 ? null : Mean.Of(scores), all.Length - scores.Length),
    ];

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Dictionary();

    [GeneratedRegex("""['"]([^'"]+)['"]\s*:\s*('[^']*'|"[^"]*"|[^,}]+)""")]
    private static partial Regex Entry();

    [GeneratedRegex("(?<=[a-z])[A-Z]")]
    private static partial Regex Capital();
}
