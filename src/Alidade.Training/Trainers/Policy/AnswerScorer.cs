using Alidade.Training.Rewards;

namespace Alidade.Training.Trainers.Policy;

/// <summary>What the rewards say of an answer.</summary>
/// <param name="Reward">The reward; null where there is none.</param>
/// <param name="Cost">The cost; null where there is none.</param>
/// <param name="Why">Why one of them is missing; null where none is.</param>
internal sealed record ScoredAnswer(double? Reward, double? Cost, string? Why)
{
    /// <summary>True when nothing that was asked for is missing.</summary>
    public bool IsScored => Why is null;

    /// <summary>The reward by each of several rewards; null where there is one.</summary>
    public float[]? Parts { get; init; }
}

/// <summary>Asks the rewards; an answer that one of them cannot score gets no number, and the reason.</summary>
internal sealed class AnswerScorer(IReward reward, IReward? cost)
{
    public bool HasCost => cost is not null;

    /// <summary>Weights of several rewards; null where there is one.</summary>
    public float[]? Weights => (reward as WeightedReward)?.Parts.Select(p => (float)p.Weight).ToArray();

    /// <summary>Scores of answers, in order.</summary>
    /// <param name="answers">The answers.</param>
    /// <param name="cancellation">Stops between answers.</param>
    public IReadOnlyList<ScoredAnswer> Score(IReadOnlyList<AnsweredPrompt> answers, CancellationToken cancellation)
    {
        // The loop stays on its thread, to which scopes and gradients are bound.
        IReadOnlyList<RewardScore> Ask(IReward judge) => judge.ScoreAsync(answers, cancellation).GetAwaiter().GetResult();
        // The rewards of a sum one by one, for estimators that standardise each of them.
        var several = reward as WeightedReward;
        var parts = several?.ScorePartsAsync(answers, cancellation).GetAwaiter().GetResult();
        var rewards = several is null ? Ask(reward) : several.Sum(parts!);
        var costs = cost is null ? null : Ask(cost);
        return [.. rewards.Select((r, i) => new ScoredAnswer(r.Value, costs?[i].Value, r.Why ?? costs?[i].Why)
        {
            Parts = r.Value is null ? null : parts?.Select(p => (float)p[i].Value!.Value).ToArray(),
        })];
    }
}
