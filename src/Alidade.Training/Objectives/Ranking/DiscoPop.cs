using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// DiscoPOP, a loss found by search: −(1 − g)·log σ(x) + g·e^(−x) with x = β·Δ and g = σ(x/τ). It is not monotone in Δ.
/// </summary>
/// <remarks>Lu et al. 2024 (arXiv 2406.08414), eq. 5 (log-ratio modulated loss). g·e^(−x) is taken as e^(log g − x), which does not overflow for τ ≤ 1.</remarks>
public sealed record DiscoPop : MarginObjective
{
    /// <summary>Strength β &gt; 0 of the pull towards the reference. Default 0.05, as the paper.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.05;

    /// <summary>Temperature τ &gt; 0 of the gate g. Default 0.05, as the paper.</summary>
    public double Tau { get; init => field = OptionCheck.Positive(Name, value); } = 0.05;

    /// <inheritdoc/>
    public override string Name => "discopop";

    /// <inheritdoc/>
    protected internal override double RewardScale => Beta;

    /// <inheritdoc/>
    protected override Tensor LossOf(Tensor margin)
    {
        var x = Beta * margin;
        var gate = x / Tau;
        return (logsigmoid(gate) - x).exp() - ((-gate).sigmoid() * logsigmoid(x));
    }
}
