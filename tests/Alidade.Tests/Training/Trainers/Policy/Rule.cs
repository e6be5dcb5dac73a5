using Alidade.Training.Rewards;

namespace Alidade.Tests.Training.Trainers.Policy;

/// <summary>A reward that is a function of prompt and answer; null where it has no verdict.</summary>
internal sealed class Rule(Func<AnsweredPrompt, double?> score) : IReward
{
    public string Name => "rule";

    public string Fingerprint => "rule";

    public Task<IReadOnlyList<RewardScore>> ScoreAsync(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation = default) =>
        Task.FromResult<IReadOnlyList<RewardScore>>([.. completions.Select(c => score(c) is { } value ? RewardScore.Of(value) : RewardScore.None("no verdict"))]);
}
