using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>ReMax: the return from a token on minus the score of the greedy answer to the same prompt.</summary>
/// <remarks>Li et al. 2023 (arXiv 2310.10505), eq. 5; verl <c>remax</c>.</remarks>
public sealed record GreedyBaseline : IAdvantageEstimator
{
    /// <inheritdoc/>
    public string Name => "greedy_baseline";

    /// <inheritdoc/>
    public bool NeedsGreedyAnswer => true;

    /// <inheritdoc/>
    public AdvantageEstimate Estimate(Rollout rollout) => new(Of(
        rollout.TokenRewards, rollout.GreedyScores ?? throw new AlidadeException("ReMax needs the score of a greedy answer to each prompt, and none was given"), rollout.Mask));

    /// <summary>Advantages, [rows, positions], 0 outside the mask.</summary>
    /// <param name="rewards">[rows, positions].</param>
    /// <param name="greedyScores">[rows].</param>
    /// <param name="mask">[rows, positions].</param>
    public static Tensor Of(Tensor rewards, Tensor greedyScores, Tensor mask) =>
        Masked.Keep(new ReturnToGo().Of(rewards, mask) - greedyScores.unsqueeze(1), mask);
}
