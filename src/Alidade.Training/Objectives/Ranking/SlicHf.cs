using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Sequence likelihood calibration from human feedback: max(0, δ − ℓ⁺ + ℓ⁻) − λ·ℓ(target), the target an answer of supervised data or the preferred one. No reference
/// model: the last term keeps the policy near it.
/// </summary>
/// <remarks>Zhao et al. 2023 (arXiv 2305.10425). The <c>hinge</c> of TRL is something else (<see cref="Hinge"/>).</remarks>
public sealed record SlicHf : PairwiseObjective
{
    /// <summary>Margin δ &gt; 0 in nats. Default 1.</summary>
    public double Delta { get; init => field = OptionCheck.Positive(Name, value); } = 1;

    /// <summary>Weight λ ≥ 0 of imitation. Default 0.1; the paper sweeps it.</summary>
    public double Lambda { get; init => field = OptionCheck.NotNegative(Name, value); } = 0.1;

    /// <inheritdoc/>
    public override string Name => "slic_hf";

    /// <inheritdoc/>
    public override PairInputs Needs => PairInputs.None;

    /// <inheritdoc/>
    public override Objective Evaluate(in PairLogProbs pairs) => base.Evaluate(pairs)
        .WithOutputs(("calibration", Calibration(pairs).detach()), ("regulariser", -(pairs.Target ?? pairs.PolicyChosen).detach()));

    /// <inheritdoc/>
    protected internal override double RewardScale => 1;

    /// <inheritdoc/>
    protected internal override PairLogProbs Seen(in PairLogProbs pairs) => pairs.WithoutReference();

    /// <inheritdoc/>
    protected internal override Tensor PerPair(in PairLogProbs pairs) => Calibration(pairs) - (Lambda * (pairs.Target ?? pairs.PolicyChosen));

    private Tensor Calibration(in PairLogProbs pairs) => relu(Delta - pairs.PolicyChosen + pairs.PolicyRejected);
}
