using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>The hinge on DPO's margin: max(0, 1 − β·Δ).</summary>
/// <remarks>Liu et al. 2023, statistical rejection sampling (arXiv 2309.06657), hinge-norm. Not SLiC-HF, which has no reference (<see cref="SlicHf"/>).</remarks>
public sealed record Hinge : MarginObjective
{
    /// <summary>Strength β &gt; 0 of the pull towards the reference. Default 0.1, as TRL 1.16.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <inheritdoc/>
    public override string Name => "hinge";

    /// <inheritdoc/>
    protected internal override double RewardScale => Beta;

    /// <inheritdoc/>
    protected override Tensor LossOf(Tensor margin) => relu(1 - (Beta * margin));
}
