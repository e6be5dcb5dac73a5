using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Anchored preference optimisation, zero: (1 − σ(β·a)) + σ(β·b) with a = ℓ⁺ − ℓ°⁺ and b = ℓ⁻ − ℓ°⁻: preferred answers become more likely, others less. For preferred
/// answers better than the model's own.
/// </summary>
/// <remarks>D'Oosterlinck et al. 2024 (arXiv 2408.06266), eq. 7.</remarks>
public sealed record ApoZero : PairwiseObjective
{
    /// <summary>β &gt; 0. Default 0.1, as TRL 1.16.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <inheritdoc/>
    public override string Name => "apo_zero";

    /// <inheritdoc/>
    protected internal override double RewardScale => Beta;

    /// <inheritdoc/>
    protected internal override Tensor PerPair(in PairLogProbs pairs) => sigmoid(-Beta * pairs.ChosenRatio) + sigmoid(Beta * pairs.RejectedRatio);
}
