using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Training.Rewards;

namespace Alidade.Training.Loops;

/// <summary>
/// What a reward says of answers, batch by batch. In a run the answers of a batch stand in its samples with their scores as soon as it is judged, and a batch that is whole there is neither sampled
/// nor judged again: a kill costs at most the batch under way.
/// </summary>
/// <param name="reward">What judges.</param>
/// <param name="run">The run that keeps them; null to keep nothing.</param>
/// <param name="stage">Name of the training in it.</param>
internal sealed class JudgedAnswers(IReward reward, RunFolder? run, string stage)
{
    private const string Measure = "judged_answers";

    private readonly Dictionary<(string Phase, string Id), RewardScore> kept =
        (run?.View.Samples() ?? []).Where(s => s.Measure == Measure).ToDictionary(s => (s.Phase, s.Item.Id), s => ScoreOf(s.Item));

    /// <summary>The scores of a batch.</summary>
    /// <param name="whose">Whose answers they are, such as "data".</param>
    /// <param name="ids">An id for each answer, the same whenever the run is taken up again.</param>
    /// <param name="answers">Gives the answers, in the order of <paramref name="ids"/>; not asked where the run holds them all.</param>
    /// <param name="cancellation">Stops between answers.</param>
    public async Task<IReadOnlyList<RewardScore>> ScoresAsync(string whose, IReadOnlyList<string> ids, Func<IReadOnlyList<AnsweredPrompt>> answers, CancellationToken cancellation)
    {
        var phase = $"{stage}.{whose}";
        // Of a batch that was broken off the last answer is missing, and all are judged again: a judge may grade anew.
        if (ids.All(id => kept.ContainsKey((phase, id))))
            return [.. ids.Select(id => kept[(phase, id)])];
        var judged = answers();
        var scores = await reward.ScoreAsync(judged, cancellation);
        foreach (var (id, (answer, score)) in ids.Zip(judged.Zip(scores)))
            run?.AddSample(Measure, phase, new()
            {
                Id = id,
                Input = answer.Asked.Prompt.ToString(),
                Output = answer.Text,
                Score = score.Value,
                Why = score.Why ?? (answer.Ended ? "the answer was ended" : "the answer was cut at the limit"),
                Truncated = !answer.Ended,
            });
        return scores;
    }

    private static RewardScore ScoreOf(ItemResult item) => item.Score is { } value ? RewardScore.Of(value) : RewardScore.None(item.Why!);
}
