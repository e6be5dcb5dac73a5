using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>
/// REINFORCE++: the discounted sum of the rewards from a token on, G_t = r_t + γ·G_(t+1), standardised over all tokens of the batch.
/// </summary>
/// <remarks>
/// Hu 2025 (arXiv 2501.03262), with −β·k1 in the rewards of tokens. It is <see cref="GeneralisedAdvantage"/> with λ = 1 and no critic, so masked positions inside an answer are
/// skipped; verl lets them cut the sum off.
/// </remarks>
public sealed record ReturnToGo : IAdvantageEstimator
{
    /// <summary>Discount γ in [0, 1]. Default 1, as verl and OpenRLHF.</summary>
    public double Gamma { get; init => field = OptionCheck.Share("return_to_go", value); } = 1;

    /// <inheritdoc/>
    public string Name => "return_to_go";

    /// <inheritdoc/>
    public AdvantageEstimate Estimate(Rollout rollout) => new(Whitening.Apply(Of(rollout.TokenRewards, rollout.Mask), rollout.Mask));

    /// <summary>Returns before they are standardised, [rows, positions], 0 outside the mask.</summary>
    /// <param name="rewards">[rows, positions].</param>
    /// <param name="mask">[rows, positions].</param>
    public Tensor Of(Tensor rewards, Tensor mask)
    {
        using var scope = NewDisposeScope();
        return new GeneralisedAdvantage { Gamma = Gamma, Lambda = 1 }.Compute(rewards, zeros_like(rewards), mask).Returns.MoveToOuterDisposeScope();
    }
}
