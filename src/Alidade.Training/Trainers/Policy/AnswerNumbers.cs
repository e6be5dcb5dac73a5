using Alidade.Core.Statistics;

namespace Alidade.Training.Trainers.Policy;

/// <summary>What is logged of a rollout as a whole.</summary>
internal static class AnswerNumbers
{
    public const string EqualGroupsDropped = "equal_groups_dropped";
    public const string GroupsUnused = "groups_unused";

    public static IEnumerable<(string Name, double Value)> Of(Answers answers)
    {
        int[] lengths = [.. answers.Rows.Select(r => r.Ids.Count)];
        double[] scores = [.. answers.Scores.Select(s => (double)s)];
        yield return ("reward", Mean.Value(scores));
        // One answer has no deviation, and a curve no place for what is no number.
        if (scores.Length > 1)
            yield return ("reward_deviation", Mean.SampleDeviation(scores));
        yield return ("answer_tokens", lengths.Average());
        yield return ("shortest_answer", lengths.Min());
        yield return ("longest_answer", lengths.Max());
        yield return ("ended", answers.Rows.Average(r => r.Ended ? 1.0 : 0));
        foreach (var (name, value) in answers.Counts)
            yield return (name, value);
    }

    /// <summary>The share of groups with equal rewards among all that were sampled, when the estimator saw those alone that were kept.</summary>
    /// <param name="answers">The rollout.</param>
    /// <param name="ofKept">The share among the kept ones.</param>
    public static double EqualGroups(Answers answers, double ofKept)
    {
        double kept = answers.Prompts.Count, dropped = answers.Counts.GetValueOrDefault(EqualGroupsDropped), unused = answers.Counts.GetValueOrDefault(GroupsUnused);
        return ((ofKept * kept) + dropped) / (kept + dropped + unused);
    }
}
