using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Self-play preference optimisation: (a − (P − ½)/β)² + (b − (½ − P)/β)² with a = ℓ⁺ − ℓ°⁺, b = ℓ⁻ − ℓ°⁻ and P the probability that the preferred answer wins; P = 1 where
/// none is given (<c>sppo_hard</c> of TRL).
/// </summary>
/// <remarks>Wu et al. 2024 (arXiv 2405.00675), eq. 4.7, with 1/β = η.</remarks>
public sealed record Sppo : PairwiseObjective
{
    /// <summary>β &gt; 0. Default 0.001, the paper's η = 1000; TRL's one β of 0.1 for all losses is a hundred times as strict.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.001;

    /// <inheritdoc/>
    public override string Name => "sppo";

    /// <inheritdoc/>
    protected internal override double RewardScale => Beta;

    /// <inheritdoc/>
    protected internal override Tensor PerPair(in PairLogProbs pairs)
    {
        var goal = pairs.WinProbability is { } wins ? (wins - 0.5) / Beta : full_like(pairs.PolicyChosen.detach(), 0.5 / Beta);
        return (pairs.ChosenRatio - goal).square() + (pairs.RejectedRatio + goal).square();
    }
}
