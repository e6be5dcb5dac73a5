namespace Alidade.Training.Objectives.Ranking;

/// <summary>Which answer stands in for another prompt's in KTO's KL term: row i takes the answer of the row before it, the first row that of the last.</summary>
/// <remarks>
/// TRL 1.16 rotates the answers of each batch by one, once, when the data is prepared. Where the row before has the same prompt, the answer is no mismatch; such rows are
/// counted.
/// </remarks>
/// <param name="AnswerOf">For each row the row whose answer it takes.</param>
/// <param name="SamePrompt">Rows whose prompt is also the prompt of the answer they take.</param>
public sealed record MismatchedAnswers(IReadOnlyList<int> AnswerOf, IReadOnlyList<int> SamePrompt)
{
    /// <summary>Pairs up the rows of one batch.</summary>
    /// <param name="prompts">Ids of each row's prompt.</param>
    public static MismatchedAnswers Of(IReadOnlyList<IReadOnlyList<int>> prompts)
    {
        int[] answerOf = [.. Enumerable.Range(0, prompts.Count).Select(i => (i + prompts.Count - 1) % prompts.Count)];
        return new(answerOf, [.. Enumerable.Range(0, prompts.Count).Where(i => prompts[i].SequenceEqual(prompts[answerOf[i]]))]);
    }
}
