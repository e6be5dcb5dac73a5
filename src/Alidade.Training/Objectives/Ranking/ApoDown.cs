using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Anchored preference optimisation, down: σ(β·a) + (1 − σ(β·(a − b))) with a = ℓ⁺ − ℓ°⁺ and b = ℓ⁻ − ℓ°⁻: both answers become less likely, the preferred one less so. For
/// answers worse than the model's own.
/// </summary>
/// <remarks>D'Oosterlinck et al. 2024 (arXiv 2408.06266), eq. 8.</remarks>
public sealed record ApoDown : PairwiseObjective
{
    /// <summary>β &gt; 0. Default 0.1, as TRL 1.16.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <inheritdoc/>
    public override string Name => "apo_down";

    /// <inheritdoc/>
    protected internal override double RewardScale => Beta;

    /// <inheritdoc/>
    protected internal override Tensor PerPair(in PairLogProbs pairs) =>
        sigmoid(Beta * pairs.ChosenRatio) + sigmoid(-Beta * (pairs.ChosenRatio - pairs.RejectedRatio));
}
