namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Contrastive preference optimisation: a preference loss without a reference, −log σ(β·(ℓ⁺ − ℓ⁻)) by default, plus α times the negative log-likelihood of the preferred
/// answers, their token mean over the batch.
/// </summary>
/// <remarks>
/// Xu et al. 2024 (arXiv 2401.08417). TRL's CPO trainer with <c>loss_type</c> hinge is this with <see cref="Hinge"/>, ipo with a
/// <see cref="LengthNormalised"/> <see cref="Ipo"/> on sums, simpo with <see cref="SimPo"/> (CPO-SimPO; not SimPO unless α = 0).
/// </remarks>
public sealed record Cpo : IPreferenceObjective
{
    /// <summary>The preference loss; its reference is taken as 0. Default DPO with β = 0.1 and no label smoothing, as TRL 1.16.</summary>
    public PairwiseObjective Base { get; init; } = new Dpo();

    /// <summary>Weight α ≥ 0 of the negative log-likelihood. Default 1, as the paper.</summary>
    public double NllWeight { get; init => field = OptionCheck.NotNegative(Name, value); } = 1;

    /// <inheritdoc/>
    public string Name => "cpo";

    /// <inheritdoc/>
    public PairInputs Needs => Base.Needs & ~PairInputs.Reference;

    /// <inheritdoc/>
    public Objective Evaluate(in PairLogProbs pairs)
    {
        var preference = Base.Evaluate(pairs.WithoutReference());
        var imitation = new ChosenNll().Evaluate(pairs);
        return (preference with { Loss = preference.Loss + (NllWeight * imitation.Loss) }).WithMetrics(("nll", imitation.Metrics["nll"]));
    }
}
