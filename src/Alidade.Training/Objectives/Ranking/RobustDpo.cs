using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Robust DPO: [−(1 − ε)·log σ(β·Δ) + ε·log σ(−β·Δ)] / (1 − 2ε), whose mean over labels flipped with probability ε is the DPO loss of the clean labels. It may be
/// negative.
/// </summary>
/// <remarks>Chowdhury et al. 2024 (arXiv 2403.00409).</remarks>
public sealed record RobustDpo : MarginObjective
{
    /// <summary>Strength β &gt; 0 of the pull towards the reference. Default 0.1, as TRL 1.16.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <summary>Share ε of labels that are taken to be flipped, in [0, ½). Default 0.1; with 0, the default of TRL, it is DPO.</summary>
    public double LabelSmoothing { get; init => field = OptionCheck.Smoothing(Name, value); } = 0.1;

    /// <inheritdoc/>
    public override string Name => "robust";

    /// <inheritdoc/>
    protected internal override double RewardScale => Beta;

    /// <inheritdoc/>
    protected override Tensor LossOf(Tensor margin) =>
        ((-(1 - LabelSmoothing) * logsigmoid(Beta * margin)) + (LabelSmoothing * logsigmoid(-Beta * margin))) / (1 - (2 * LabelSmoothing));
}
