using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>
/// α·(R − mean of the group), with α = answers/answers whose reward is not 0: the fewer answers carry a signal, the more each of them counts.
/// </summary>
/// <remarks>GPG, Chu et al. 2025 (arXiv 2504.02546), eq. 7, as verl computes it.</remarks>
public sealed record ScaledGroupMean : IAdvantageEstimator
{
    /// <inheritdoc/>
    public string Name => "scaled_group_mean";

    /// <inheritdoc/>
    public int SmallestGroup => 2;

    /// <inheritdoc/>
    public AdvantageEstimate Estimate(Rollout rollout) => new(Of(rollout.Groups).reshape(-1)) { Metrics = GroupRelative.Metrics(rollout.Groups) };

    /// <summary>Advantages, [prompts, answers].</summary>
    /// <param name="rewards">[prompts, answers].</param>
    /// <exception cref="Alidade.Core.AlidadeException">A group has one answer.</exception>
    public static Tensor Of(Tensor rewards)
    {
        GroupStatistics.RequireTwo(rewards);
        var signal = rewards.ne(0).sum().clamp_min(1).to(rewards.dtype);
        return rewards.numel() / signal * GroupStatistics.Centred(rewards);
    }
}
