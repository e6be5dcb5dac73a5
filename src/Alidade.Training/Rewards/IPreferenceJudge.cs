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
    /// <inheritdoc/>
    public string Name => reward.Name;

    /// <inheritdoc/>
    public string Fingerprint => reward.Fingerprint;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PairJudgement>> CompareAsync(IReadOnlyList<(AnsweredPrompt First, AnsweredPrompt Second)> pairs, CancellationToken cancellation = default)
    {
        var scores = await reward.ScoreAsync([.. pairs.SelectMany(p => new[] { p.First, p.Second })], cancellation);
        return [.. scores.Chunk(2).Select(s => s[0].Why is { } first ? PairJudgement.None(first) : s[1].Why is { } second ? PairJudgement.None(second)
            : PairJudgement.Of(s[0].Value > s[1].Value ? 1 : s[0].Value < s[1].Value ? 0 : 0.5))];
    }
}
