using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Direct preference optimisation: −(1 − ε)·log σ(β·Δ) − ε·log σ(−β·Δ) with Δ = (ℓ⁺ − ℓ°⁺) − (ℓ⁻ − ℓ°⁻), ℓ the summed log-probability of an answer.
/// </summary>
/// <remarks>
/// Rafailov et al. 2023 (arXiv 2305.18290), eq. 7; ε &gt; 0 is the conservative form of Mitchell 2023 ("A note on DPO with noisy preferences"), eq. 3; other divergences are
/// f-DPO (Wang et al. 2023, arXiv 2309.16240). With the token mean as scale and β = 5 it is <c>sigmoid_norm</c> of TRL and <c>dpo_norm</c> of open-instruct.
/// TRL 1.16 ignores ε for its sigmoid loss; Alidade does not.
/// </remarks>
public sealed record Dpo : MarginObjective
{
    /// <summary>Strength β &gt; 0 of the pull towards the reference. Default 0.1, as in the paper's experiments.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <summary>Share ε of labels that are taken to be flipped, in [0, ½). Default 0.</summary>
    public double LabelSmoothing { get; init => field = OptionCheck.Smoothing(Name, value); }

    /// <inheritdoc/>
    public override string Name => "dpo";

    /// <inheritdoc/>
    protected internal override double RewardScale => Beta;

    /// <inheritdoc/>
    protected override Tensor LossOf(Tensor margin) => Logistic.Loss(Beta * margin, LabelSmoothing);
}
