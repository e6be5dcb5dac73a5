using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Simple preference optimisation: −log σ(β·(ℓ⁺/|y⁺| − ℓ⁻/|y⁻|) − γ), with mean log-probabilities of a token as rewards, a target margin γ and no reference. With ε it is
/// −(1 − ε)·log σ(x) − ε·log σ(−x).
/// </summary>
/// <remarks>
/// Meng et al. 2024 (arXiv 2405.14734), eq. 6. Some configurations give γ/β instead of γ. TRL's <c>simpo</c> with TRL's defaults (β 0.1, γ 0.5, an NLL of weight 1) is
/// not SimPO; it is <see cref="Cpo"/> with this as its base.
/// </remarks>
public sealed record SimPo : PairwiseObjective
{
    /// <summary>Scale β &gt; 0 of the rewards. Default 2, as the authors' code.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 2;

    /// <summary>Target margin γ ≥ 0. Default 0.5, a quarter of β, as the authors' code.</summary>
    public double Gamma { get; init => field = OptionCheck.NotNegative(Name, value); } = 0.5;

    /// <summary>Share ε of labels that are taken to be flipped, in [0, ½). Default 0.</summary>
    public double LabelSmoothing { get; init => field = OptionCheck.Smoothing(Name, value); }

    /// <inheritdoc/>
    public override string Name => "simpo";

    /// <inheritdoc/>
    public override PairInputs Needs => PairInputs.None;

    /// <inheritdoc/>
    protected internal override double RewardScale => Beta;

    /// <inheritdoc/>
    protected internal override PairLogProbs Seen(in PairLogProbs pairs) => pairs.WithoutReference().PerToken();

    /// <inheritdoc/>
    protected internal override Tensor PerPair(in PairLogProbs pairs)
    {
        var seen = Seen(pairs);
        return Logistic.Loss((Beta * (seen.PolicyChosen - seen.PolicyRejected)) - Gamma, LabelSmoothing);
    }
}
