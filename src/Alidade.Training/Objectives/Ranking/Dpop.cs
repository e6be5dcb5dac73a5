using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>DPO-positive: −log σ(β·(Δ − λ·max(0, ℓ°⁺ − ℓ⁺))), DPO with a penalty on preferred answers that become less likely than under the reference.</summary>
/// <remarks>Pal et al. 2024, "Smaug" (arXiv 2402.13228).</remarks>
public sealed record Dpop : PairwiseObjective
{
    /// <summary>Strength β &gt; 0 of the pull towards the reference. Default 0.3, as the paper.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.3;

    /// <summary>Weight λ ≥ 0 of the penalty. Default 50, as the paper.</summary>
    public double Lambda { get; init => field = OptionCheck.NotNegative(Name, value); } = 50;

    /// <inheritdoc/>
    public override string Name => "dpop";

    /// <inheritdoc/>
    protected internal override double RewardScale => Beta;

    /// <inheritdoc/>
    protected internal override Tensor PerPair(in PairLogProbs pairs)
    {
        var margin = pairs.ChosenRatio - pairs.RejectedRatio;
        return Logistic.Loss(Beta * (margin - (Lambda * relu(-pairs.ChosenRatio))), 0);
    }
}
