using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>What the deviation from a group's mean is divided by.</summary>
public enum GroupScale
{
    /// <summary>The group's standard deviation.</summary>
    Group,

    /// <summary>The standard deviation over all answers of the batch.</summary>
    Batch,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>
/// Group-relative advantage: A = (R − mean of the group)/(s + ε).
/// </summary>
/// <remarks>
/// GRPO, Shao et al. 2024 (arXiv 2402.03300), sec. 4.1.2; Dr. GRPO, Liu et al. 2025 (arXiv 2503.20783), divides by nothing; TRL names the choice <c>scale_rewards</c>.
/// Standard deviations are unbiased. Equal rewards give exactly 0; in TRL their mean is rounded and the rest divided by ε.
/// </remarks>
public sealed record GroupRelative : IAdvantageEstimator
{
    /// <summary>The divisor. Default the group's standard deviation, as in GRPO.</summary>
    public GroupScale Scale { get; init; } = GroupScale.Group;

    /// <summary>ε above 0 beside the standard deviation. Default 1e-4, as TRL (verl 1e-6, OpenRLHF 1e-9).</summary>
    public double Epsilon { get; init => field = OptionCheck.Positive("group_relative", value); } = 1e-4;

    /// <inheritdoc/>
    public string Name => "group_relative";

    /// <inheritdoc/>
    public int SmallestGroup => 2;

    /// <inheritdoc/>
    public AdvantageEstimate Estimate(Rollout rollout)
    {
        var groups = rollout.Groups;
        return new(Of(groups).reshape(-1)) { Metrics = Metrics(groups) };
    }

    /// <summary>Advantages, [prompts, answers].</summary>
    /// <param name="rewards">[prompts, answers].</param>
    /// <exception cref="Alidade.Core.AlidadeException">A group has one answer.</exception>
    public Tensor Of(Tensor rewards)
    {
        GroupStatistics.RequireTwo(rewards);
        var centred = GroupStatistics.Centred(rewards);
        return Scale switch
        {
            GroupScale.Group => centred / (GroupStatistics.Deviation(rewards) + Epsilon),
            GroupScale.Batch => centred / (GroupStatistics.DeviationOfAll(rewards) + Epsilon),
            _ => centred,
        };
    }

    /// <summary>The share of groups whose rewards are all equal: they teach nothing.</summary>
    /// <param name="groups">[prompts, answers].</param>
    internal static Dictionary<string, Tensor> Metrics(Tensor groups) =>
        new() { ["fraction_zero_std"] = GroupStatistics.AllEqual(groups).to(groups.dtype).mean() };
}
