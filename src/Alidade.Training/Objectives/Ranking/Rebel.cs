using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Regression to relative rewards: ((ℓ⁺ − ℓ°⁺) − (ℓ⁻ − ℓ°⁻) − η·(r⁺ − r⁻))², ℓ° of the policy that wrote the answers and r their rewards. Which of the two answers comes
/// first does not matter.
/// </summary>
/// <remarks>Gao et al. 2024 (arXiv 2404.16767). The paper divides the log-ratios by η instead of multiplying the rewards; the losses differ by the factor η².</remarks>
public sealed record Rebel : PairwiseObjective
{
    /// <summary>Step size η &gt; 0, in nats for each unit of reward. Default 1; the paper tunes it.</summary>
    public double Eta { get; init => field = OptionCheck.Positive(Name, value); } = 1;

    /// <inheritdoc/>
    public override string Name => "rebel";

    /// <inheritdoc/>
    public override PairInputs Needs => PairInputs.Reference | PairInputs.Rewards;

    /// <summary>1/η: what the log-ratios say the rewards are.</summary>
    protected internal override double RewardScale => 1 / Eta;

    /// <inheritdoc/>
    protected internal override Tensor PerPair(in PairLogProbs pairs)
    {
        var gap = PairLogProbs.Given(pairs.ChosenReward, Name, PairInputs.Rewards) - PairLogProbs.Given(pairs.RejectedReward, Name, PairInputs.Rewards);
        return (pairs.ChosenRatio - pairs.RejectedRatio - (Eta * gap)).square();
    }
}
