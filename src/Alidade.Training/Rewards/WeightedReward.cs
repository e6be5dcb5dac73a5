using System.Globalization;
using Alidade.Core;

namespace Alidade.Training.Rewards;

/// <summary>A sum of rewards with weights. Where one of them has no score, there is none, with the reason and the name of that reward.</summary>
public sealed class WeightedReward : IReward
{
    private readonly IReadOnlyList<(IReward Reward, double Weight)> parts;

    /// <summary>Makes it.</summary>
    /// <param name="parts">Rewards with their weights; at least one. Two may share a name, such as two models of one file name, but not a fingerprint.</param>
    /// <exception cref="AlidadeException">There is none, the same reward comes twice, or a weight is not a number.</exception>
    public WeightedReward(params IReadOnlyList<(IReward Reward, double Weight)> parts)
    {
        if (parts.Count == 0)
            throw new AlidadeException("a sum of no rewards is no reward; name at least one");
        if (parts.Count > 1 && parts.GroupBy(p => p.Reward.Fingerprint, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new AlidadeException($"the reward {string.Join(" and ", twice.Select(p => $"'{p.Reward.Name}'"))} is one and the same; give it once, with the sum of the weights");
        if (parts.FirstOrDefault(p => !double.IsFinite(p.Weight)) is { Reward: not null } wrong)
            throw new AlidadeException($"the weight of the reward '{wrong.Reward.Name}' is {wrong.Weight}; it must be a number");
        this.parts = parts;
    }

    /// <summary>The rewards and their weights.</summary>
    public IReadOnlyList<(IReward Reward, double Weight)> Parts => parts;

    /// <inheritdoc/>
    public string Name => string.Join(" + ", parts.Select(p => p.Weight == 1 ? p.Reward.Name : string.Create(CultureInfo.InvariantCulture, $"{p.Weight}·{p.Reward.Name}")));

    /// <inheritdoc/>
    public string Fingerprint => string.Join('\n', parts.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Weight} {p.Reward.Fingerprint}")));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RewardScore>> ScoreAsync(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation = default) =>
        Sum(await ScorePartsAsync(completions, cancellation));

    /// <summary>The scores by each reward, [reward][answer].</summary>
    /// <param name="completions">Answers.</param>
    /// <param name="cancellation">Stops between rewards.</param>
    public async Task<IReadOnlyList<IReadOnlyList<RewardScore>>> ScorePartsAsync(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation = default)
    {
        var scores = new List<IReadOnlyList<RewardScore>>();
        foreach (var (reward, _) in parts)
            scores.Add(await reward.ScoreAsync(completions, cancellation));
        return scores;
    }

    /// <summary>The weighted sums of scores by each reward.</summary>
    /// <param name="scores">From <see cref="ScorePartsAsync"/>.</param>
    public IReadOnlyList<RewardScore> Sum(IReadOnlyList<IReadOnlyList<RewardScore>> scores) => [.. Enumerable.Range(0, scores[0].Count).Select(i =>
    {
        for (var r = 0; r < parts.Count; r++)
            if (scores[r][i].Why is { } why)
                return RewardScore.None($"{parts[r].Reward.Name}: {why}");
        return RewardScore.Of(parts.Select((p, r) => p.Weight * scores[r][i].Value!.Value).Sum());
    })];
}
