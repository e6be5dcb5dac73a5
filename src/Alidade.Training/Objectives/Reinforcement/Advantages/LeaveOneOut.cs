using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>
/// Reward minus the mean reward of the other answers to the same prompt: A_i = R_i − Σ_(j≠i) R_j/(K − 1).
/// </summary>
/// <remarks>
/// RLOO, Ahmadian et al. 2024 (arXiv 2402.14740), eq. 7. As TRL, the KL enters the reward before the baseline; OpenRLHF takes the baseline from the raw score and adds the KL
/// of each token afterwards.
/// </remarks>
public sealed record LeaveOneOut : IAdvantageEstimator
{
    /// <summary>Standardise over the batch with ε = 1e-4, as TRL's <c>normalize_advantages</c>. Default false.</summary>
    public bool Normalise { get; init; }

    /// <inheritdoc/>
    public string Name => "leave_one_out";

    /// <inheritdoc/>
    public int SmallestGroup => 2;

    /// <inheritdoc/>
    public AdvantageEstimate Estimate(Rollout rollout) => new(Of(rollout.Groups).reshape(-1)) { Metrics = GroupRelative.Metrics(rollout.Groups) };

    /// <summary>Advantages, [prompts, answers].</summary>
    /// <param name="rewards">[prompts, answers].</param>
    /// <exception cref="Alidade.Core.AlidadeException">A group has one answer.</exception>
    public Tensor Of(Tensor rewards)
    {
        var advantages = rewards - Baselines(rewards);
        return Normalise ? (advantages - advantages.mean()) / (GroupStatistics.DeviationOfAll(advantages) + 1e-4) : advantages;
    }

    /// <summary>Mean reward of the other answers, [prompts, answers].</summary>
    /// <param name="rewards">[prompts, answers].</param>
    public static Tensor Baselines(Tensor rewards)
    {
        GroupStatistics.RequireTwo(rewards);
        return (rewards.sum(1, keepdim: true) - rewards) / (rewards.size(1) - 1);
    }
}
