using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>
/// Reward minus the length-weighted mean of the group: A_i = R_i − Σ_j |y_j|·R_j/Σ_j |y_j|, the baseline of least gradient variance when gradients grow with length.
/// </summary>
/// <remarks>OPO, Hao et al. 2025 (arXiv 2505.23585); verl <c>opo</c>.</remarks>
public sealed record OptimalBaseline : IAdvantageEstimator
{
    /// <inheritdoc/>
    public string Name => "optimal_baseline";

    /// <inheritdoc/>
    public int SmallestGroup => 2;

    /// <inheritdoc/>
    public AdvantageEstimate Estimate(Rollout rollout)
    {
        var groups = rollout.Groups;
        return new(Of(groups, rollout.Mask.sum(-1).view(groups.shape)).reshape(-1)) { Metrics = GroupRelative.Metrics(groups) };
    }

    /// <summary>Advantages, [prompts, answers].</summary>
    /// <param name="rewards">[prompts, answers].</param>
    /// <param name="lengths">Tokens of each answer, [prompts, answers].</param>
    public static Tensor Of(Tensor rewards, Tensor lengths)
    {
        GroupStatistics.RequireTwo(rewards);
        lengths = lengths.to(rewards.dtype);
        return rewards - ((lengths * rewards).sum(1, keepdim: true) / lengths.sum(1, keepdim: true));
    }
}
