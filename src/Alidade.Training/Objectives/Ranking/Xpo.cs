using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Exploratory preference optimisation: a preference loss between a sample of the policy and one of the reference, plus α·ℓ of the reference's sample: the policy is paid
/// for moving away from what the reference would say.
/// </summary>
/// <remarks>Xie et al. 2024 (arXiv 2405.21046), algorithm 1. TRL's trainer offers DPO and, on sums, IPO.</remarks>
public sealed record Xpo : PairwiseObjective
{
    /// <summary>The preference loss. Default DPO with β = 0.1, as TRL.</summary>
    public PairwiseObjective Base { get; init; } = new Dpo();

    /// <summary>Weight α ≥ 0 of exploration. Default 1e-5, as TRL.</summary>
    public double Alpha { get; init => field = OptionCheck.NotNegative(Name, value); } = 1e-5;

    /// <inheritdoc/>
    public override string Name => "xpo";

    /// <inheritdoc/>
    public override PairInputs Needs => Base.Needs | PairInputs.Source;

    /// <inheritdoc/>
    public override Objective Evaluate(in PairLogProbs pairs)
    {
        var exploration = Exploration(pairs).detach();
        var result = base.Evaluate(pairs);
        return result.WithOutputs(("dpo", result.PerItem.detach() - exploration), ("xpo", exploration));
    }

    /// <inheritdoc/>
    protected internal override double RewardScale => Base.RewardScale;

    /// <inheritdoc/>
    protected internal override PairLogProbs Seen(in PairLogProbs pairs) => Base.Seen(pairs);

    /// <inheritdoc/>
    protected internal override Tensor PerPair(in PairLogProbs pairs) => Base.PerPair(pairs) + Exploration(pairs);

    private Tensor Exploration(in PairLogProbs pairs)
    {
        var chosen = tensor(PairLogProbs.Given(pairs.ChosenFromReference, Name, PairInputs.Source).ToArray(), device: pairs.PolicyChosen.device);
        return Alpha * where(chosen, pairs.PolicyChosen, pairs.PolicyRejected);
    }
}
