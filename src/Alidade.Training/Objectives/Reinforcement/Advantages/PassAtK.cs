using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>
/// Only the best answer of a group learns, by its lead over the second: A = R₍₁₎ − R₍₂₎ for the first, 0 for the others.
/// </summary>
/// <remarks>Tang et al. 2025 (arXiv 2503.19595): the best reward of the group less the best one without the answer; verl <c>grpo_passk</c>, which can divide by the group's standard deviation + 1e-6.</remarks>
public sealed record PassAtK : IAdvantageEstimator
{
    /// <summary>Divide by the group's standard deviation + 1e-6. Default true, as verl.</summary>
    public bool OverDeviation { get; init; } = true;

    /// <inheritdoc/>
    public string Name => "pass_at_k";

    /// <inheritdoc/>
    public int SmallestGroup => 2;

    /// <inheritdoc/>
    public AdvantageEstimate Estimate(Rollout rollout) => new(Of(rollout.Groups).reshape(-1)) { Metrics = GroupRelative.Metrics(rollout.Groups) };

    /// <summary>Advantages, [prompts, answers].</summary>
    /// <param name="rewards">[prompts, answers].</param>
    /// <exception cref="Alidade.Core.AlidadeException">A group has one answer.</exception>
    public Tensor Of(Tensor rewards)
    {
        GroupStatistics.RequireTwo(rewards);
        var (values, indices) = rewards.topk(2, 1);
        var lead = values.narrow(1, 0, 1) - values.narrow(1, 1, 1);
        var advantages = zeros_like(rewards).scatter(1, indices.narrow(1, 0, 1), lead);
        return OverDeviation ? advantages / (GroupStatistics.Deviation(rewards) + 1e-6) : advantages;
    }
}
