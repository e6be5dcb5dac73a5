namespace Alidade.Training.Trainers.Policy;

/// <summary>What is logged of a rollout as a whole.</summary>
internal static class AnswerNumbers
{
    public static IEnumerable<(string Name, double Value)> Of(Answers answers)
    {
        int[] lengths = [.. answers.Rows.Select(r => r.Ids.Count)];
        yield return ("reward", answers.Scores.Average(s => (double)s));
        yield return ("reward_deviation", Deviation(answers.Scores));
        yield return ("answer_tokens", lengths.Average());
        yield return ("shortest_answer", lengths.Min());
        yield return ("longest_answer", lengths.Max());
        yield return ("ended", answers.Rows.Average(r => r.Ended ? 1.0 : 0));
        foreach (var (name, value) in answers.Counts)
            yield return (name, value);
    }

    private static double Deviation(float[] values)
    {
        var mean = values.Average(v => (double)v);
        return values.Length < 2 ? 0 : Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
    }
}
