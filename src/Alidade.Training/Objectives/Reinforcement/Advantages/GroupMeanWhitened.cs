using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>
/// REINFORCE++-baseline: the reward minus the mean of its group on every token of the answer, standardised over all tokens of the batch.
/// </summary>
/// <remarks>Hu 2025 (arXiv 2501.03262), sec. 3; verl <c>reinforce_plus_plus_baseline</c>.</remarks>
public sealed record GroupMeanWhitened : IAdvantageEstimator
{
    /// <inheritdoc/>
    public string Name => "group_mean_whitened";

    /// <inheritdoc/>
    public int SmallestGroup => 2;

    /// <inheritdoc/>
    public AdvantageEstimate Estimate(Rollout rollout) => new(Of(rollout.Groups, rollout.Mask)) { Metrics = GroupRelative.Metrics(rollout.Groups) };

    /// <summary>Advantages, [rows, positions], 0 outside the mask.</summary>
    /// <param name="rewards">[prompts, answers].</param>
    /// <param name="mask">[rows, positions]; rows run prompt by prompt.</param>
    /// <exception cref="Alidade.Core.AlidadeException">A group has one answer.</exception>
    public static Tensor Of(Tensor rewards, Tensor mask)
    {
        GroupStatistics.RequireTwo(rewards);
        return Whitening.Apply(Masked.Keep(GroupStatistics.Centred(rewards).reshape(-1, 1).expand(mask.shape), mask), mask);
    }
}
