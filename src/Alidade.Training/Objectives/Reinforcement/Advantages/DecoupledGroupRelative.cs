using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>
/// Group-relative advantage of several rewards, each standardised in its group before they are added: A = standardised over the batch(Σ_k w_k·(R_k − μ_k)/(s_k + ε)).
/// </summary>
/// <remarks>GDPO, Liu et al. 2026 (arXiv 2601.05242); TRL <c>multi_objective_aggregation=normalize_then_sum</c>: a reward of large scale does not drown the others.</remarks>
public sealed record DecoupledGroupRelative : IAdvantageEstimator
{
    /// <summary>ε above 0 beside the standard deviations. Default 1e-4, as TRL.</summary>
    public double Epsilon { get; init => field = OptionCheck.Positive("decoupled_group_relative", value); } = 1e-4;

    /// <inheritdoc/>
    public string Name => "decoupled_group_relative";

    /// <inheritdoc/>
    public int SmallestGroup => 2;

    /// <inheritdoc/>
    public AdvantageEstimate Estimate(Rollout rollout)
    {
        if (rollout.ScoresByReward is not { } scores || rollout.RewardWeights is not { } weights)
            throw new AlidadeException("rewards that are standardised one by one need the score of each reward, and only their sum was given");
        return new(Of(scores.view(-1, rollout.GroupSize, scores.size(1)), weights).reshape(-1)) { Metrics = GroupRelative.Metrics(rollout.Groups) };
    }

    /// <summary>Advantages, [prompts, answers].</summary>
    /// <param name="rewards">[prompts, answers, rewards].</param>
    /// <param name="weights">[rewards].</param>
    public Tensor Of(Tensor rewards, Tensor weights)
    {
        var standardise = new GroupRelative { Epsilon = Epsilon };
        var sum = stack(Enumerable.Range(0, (int)rewards.size(2)).Select(k => standardise.Of(rewards.select(2, k)) * weights[k]), 0).sum(0, keepdim: false);
        return (sum - sum.mean()) / (GroupStatistics.DeviationOfAll(sum) + Epsilon);
    }
}
