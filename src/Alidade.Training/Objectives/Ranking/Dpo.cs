using Alidade.Core;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Direct preference optimisation: −(1 − ε)·log σ(β·Δ) − ε·log σ(−β·Δ) with Δ = (ℓ⁺ − ℓ°⁺) − (ℓ⁻ − ℓ°⁻), ℓ the summed log-probability of an answer.
/// </summary>
/// <remarks>
/// Rafailov et al. 2023 (arXiv 2305.18290), eq. 7; ε &gt; 0 is the conservative form of Mitchell 2023 ("A note on DPO with noisy preferences"), eq. 3.
/// TRL 1.16 ignores ε for its sigmoid loss; Alidade does not.
/// </remarks>
public sealed record Dpo : IPreferenceObjective
{
    /// <summary>Strength β &gt; 0 of the pull towards the reference. Default 0.1, as in the paper's experiments.</summary>
    public double Beta
    {
        get;
        init => field = value > 0 && double.IsFinite(value) ? value : throw new AlidadeException($"DPO's beta is {value}; it must be a number above 0");
    } = 0.1;

    /// <summary>Share ε of labels that are taken to be flipped, in [0, ½). Default 0.</summary>
    public double LabelSmoothing
    {
        get;
        init => field = value is >= 0 and < 0.5 ? value : throw new AlidadeException($"DPO's label smoothing is {value}; it must be at least 0 and below 0.5");
    }

    /// <inheritdoc/>
    public string Name => "dpo";

    /// <inheritdoc/>
    public bool NeedsReference => true;

    /// <inheritdoc/>
    public Objective Evaluate(in PairLogProbs pairs)
    {
        var margin = Beta * (pairs.ChosenRatio - pairs.RejectedRatio);
        var loss = -(1 - LabelSmoothing) * logsigmoid(margin);
        if (LabelSmoothing > 0)
            loss -= LabelSmoothing * logsigmoid(-margin);
        return RewardMetrics.MeanWith(Beta, pairs, loss);
    }
}
