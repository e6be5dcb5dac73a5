using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Trainers;

namespace Alidade.Training.Rewards;

/// <summary>Which of two answers is better, or why nobody can say.</summary>
/// <param name="FirstWins">Probability that the first is better, from 0 to 1; ½ is a tie. Null when there is a reason.</param>
/// <param name="Why">Why there is no verdict; null when there is one.</param>
public readonly record struct PairJudgement(double? FirstWins, string? Why)
{
    /// <summary>True when neither is better.</summary>
    public bool Tie => FirstWins == 0.5;

    /// <summary>A verdict.</summary>
    public static PairJudgement Of(double firstWins) => new(firstWins, null);

    /// <summary>None, with the reason.</summary>
    public static PairJudgement None(string why) => new(null, why);
}

/// <summary>Compares two answers to one prompt.</summary>
public interface IPreferenceJudge
{
    /// <summary>The name that runs and messages use.</summary>
    string Name { get; }

    /// <summary>What the verdicts depend on besides the answers.</summary>
    string Fingerprint { get; }

    /// <summary>Compares pairs, in their order.</summary>
    /// <param name="pairs">Two answers to the same prompt each.</param>
    /// <param name="cancellation">Stops between pairs.</param>
    Task<IReadOnlyList<PairJudgement>> CompareAsync(IReadOnlyList<(AnsweredPrompt First, AnsweredPrompt Second)> pairs, CancellationToken cancellation = default);
}

/// <summary>The answer with the higher reward is better; equal rewards are a tie.</summary>
/// <param name="reward">The reward.</param>
public sealed class RewardJudge(IReward reward) : IPreferenceJudge
{
    /// <summary>How two rewards become a preference. Default as they are, without a penalty.</summary>
    public OnlinePairs Pairs { get; init; } = new();

    /// <inheritdoc/>
    public string Name => reward.Name;

    /// <inheritdoc/>
    public string Fingerprint => $"{Fingerprints.Of(Pairs)} {reward.Fingerprint}";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PairJudgement>> CompareAsync(IReadOnlyList<(AnsweredPrompt First, AnsweredPrompt Second)> pairs, CancellationToken cancellation = default)
    {
        var scores = (await reward.ScoreAsync([.. pairs.SelectMany(p => new[] { p.First, p.Second })], cancellation)).Chunk(2).ToArray();
        int[] scored = [.. Enumerable.Range(0, scores.Length).Where(i => scores[i].All(s => s.Value is not null))];
        var (preferred, _) = OnlinePairs.Of(
            [.. scored.Select(i => Pairs.RewardOf(scores[i][0].Value!.Value, pairs[i].First.Ended))], [.. scored.Select(i => Pairs.RewardOf(scores[i][1].Value!.Value, pairs[i].Second.Ended))]);
        PairJudgement[] verdicts = [.. scores.Select(s => s.FirstOrDefault(x => x.Why is not null).Why is { } why ? PairJudgement.None(why) : PairJudgement.Of(0.5))];
        foreach (var pair in preferred)
            verdicts[scored[pair.Prompt]] = PairJudgement.Of(pair.FirstIsChosen ? 1 : 0);
        return verdicts;
    }
}
