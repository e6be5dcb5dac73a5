using System.Globalization;
using Alidade.Core;
using Alidade.Training.Objectives.Reward;

namespace Alidade.Training.Rewards;

/// <summary>How the scores of an ensemble become one reward.</summary>
public enum EnsembleRule
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The smallest: worst-case optimisation.</summary>
    WorstCase,

    /// <summary>Their mean minus a weight times their variance: uncertainty-weighted optimisation.</summary>
    UncertaintyWeighted,
}

/// <summary>Several rewards for the same thing, whose disagreement is a sign of answers that exploit one of them.</summary>
/// <remarks>Coste et al. 2023 (arXiv 2310.02743), eq. 2–4; see <see cref="RewardEnsemble"/>.</remarks>
public sealed class EnsembleReward : IReward
{
    private readonly IReadOnlyList<IReward> members;

    /// <summary>Makes it.</summary>
    /// <param name="members">Rewards on one scale; at least two.</param>
    /// <exception cref="AlidadeException">There are fewer than two.</exception>
    public EnsembleReward(params IReadOnlyList<IReward> members) =>
        this.members = members.Count >= 2 ? members : throw new AlidadeException($"an ensemble of {members.Count} rewards knows no disagreement; give at least 2");

    /// <summary>Rule. Default uncertainty-weighted.</summary>
    public EnsembleRule Rule { get; init; } = EnsembleRule.UncertaintyWeighted;

    /// <summary>Weight of the variance (at least 0). Default 0.1, as in the paper.</summary>
    public double VarianceWeight
    {
        get;
        init => field = value >= 0 && double.IsFinite(value) ? value : throw new AlidadeException($"the weight of the ensemble's variance is {value}; it must be a number of at least 0");
    } = 0.1;

    /// <inheritdoc/>
    public string Name => $"ensemble of {members.Count}";

    /// <inheritdoc/>
    public string Fingerprint => string.Create(CultureInfo.InvariantCulture, $"{Rule} {VarianceWeight}\n") + string.Join('\n', members.Select(m => m.Fingerprint));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RewardScore>> ScoreAsync(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation = default)
    {
        var scores = new List<IReadOnlyList<RewardScore>>();
        foreach (var member in members)
            scores.Add(await member.ScoreAsync(completions, cancellation));
        return [.. Enumerable.Range(0, completions.Count).Select(i => Combine([.. scores.Select(s => s[i])]))];
    }

    private RewardScore Combine(RewardScore[] scores)
    {
        for (var m = 0; m < scores.Length; m++)
            if (scores[m].Why is { } why)
                return RewardScore.None($"{members[m].Name}: {why}");
        var ensemble = RewardEnsemble.Of([.. scores.Select(s => new[] { s.Value!.Value })]);
        return RewardScore.Of(Rule switch
        {
            EnsembleRule.Mean => ensemble.Mean[0],
            EnsembleRule.WorstCase => ensemble.Minimum[0],
            _ => ensemble.UncertaintyWeighted(VarianceWeight)[0],
        });
    }
}
