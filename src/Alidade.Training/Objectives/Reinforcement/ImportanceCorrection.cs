using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>What the ratio of trainer to sampler is taken of, and what happens outside its bounds.</summary>
public enum CorrectionMode
{
    /// <summary>Each token's ratio, cut above. Truncated importance sampling, Yao et al. 2025.</summary>
    TokenTruncate,

    /// <summary>Each token's ratio, 0 outside the bounds (IcePop).</summary>
    TokenMask,

    /// <summary>The product over the answer, cut above.</summary>
    SequenceTruncate,

    /// <summary>The product over the answer, 0 outside the bounds.</summary>
    SequenceMask,

    /// <summary>Each token's ratio where the answer's geometric mean lies within the bounds, else 0 (OpenRLHF seq-mask-tis).</summary>
    SequenceFilter,
}

/// <summary>
/// Weights w = exp(log π_trainer − log π_sampler) on the policy term, without gradient: what was sampled by another engine counts as its own policy would have sampled it.
/// </summary>
/// <remarks>
/// Yao et al. 2025, "Your efficient RL framework secretly brings you off-policy RL training"; modes as TRL <c>vllm_importance_sampling_mode</c> and OpenRLHF. A KL term is
/// added after the weights. Alidade samples with the engine that it trains with, so the weights are 1 there.
/// </remarks>
public sealed record ImportanceCorrection
{
    /// <summary>Mode. Default the token's ratio, cut above.</summary>
    public CorrectionMode Mode { get; init; } = CorrectionMode.TokenTruncate;

    /// <summary>Upper bound (above 0). Default 3, as TRL's cap.</summary>
    public double High { get; init => field = OptionCheck.Positive("importance_correction", value); } = 3;

    /// <summary>Lower bound of the masks (at least 0); truncation does not use it. Default 0.</summary>
    public double Low { get; init => field = OptionCheck.NotNegative("importance_correction", value); }

    /// <summary>Weights, [rows, positions] or [rows, 1].</summary>
    /// <param name="trainer">Log-probabilities of the trainer's old policy, [rows, positions].</param>
    /// <param name="sampler">Of the sampler.</param>
    /// <param name="mask">[rows, positions].</param>
    public Tensor Weights(Tensor trainer, Tensor sampler, Tensor mask)
    {
        using var noGrad = no_grad();
        var difference = Masked.Keep(trainer - sampler, mask);
        var token = difference.exp();
        var sequence = difference.sum(-1, keepdim: true).exp();
        return Mode switch
        {
            CorrectionMode.TokenTruncate => token.clamp_max(High),
            CorrectionMode.TokenMask => Kept(token, Inside(token)),
            CorrectionMode.SequenceTruncate => sequence.clamp_max(High),
            CorrectionMode.SequenceMask => Kept(sequence, Inside(sequence)),
            CorrectionMode.SequenceFilter => Kept(token, Inside(Masked.RowMeans(difference, mask).exp())),
            _ => throw new AlidadeException($"there is no correction mode {(int)Mode}"),
        };
    }

    internal Tensor Weights(PolicyTokens tokens, Dictionary<string, Tensor> metrics)
    {
        var sampler = tokens.Sampler ?? throw new AlidadeException("a correction for the sampler needs the log-probabilities that it reported, and none were given");
        using var noGrad = no_grad();
        var distance = Masked.Keep(tokens.Old - sampler, tokens.Mask).abs();
        metrics["sampler_mean_difference"] = Masked.Mean(distance, tokens.Mask);
        metrics["sampler_max_difference"] = distance.max();
        return Weights(tokens.Old, sampler, tokens.Mask);
    }

    private Tensor Inside(Tensor ratio) => ratio.le(High).logical_and(ratio.ge(Low));

    // A ratio beyond float32 is infinite, and 0 times that is no number.
    private static Tensor Kept(Tensor ratio, Tensor inside) => where(inside, ratio, zeros_like(ratio));
}

/// <summary>
/// Drops an answer when its advantage is negative and the policy has moved away from it: keep = A ≥ 0 or mean(log π_sampler − log π) ≤ threshold.
/// </summary>
/// <remarks>DeepSeek-V3.2 (arXiv 2512.02556), sec. 3.1.</remarks>
public sealed record OffPolicySequenceMask
{
    /// <summary>Largest mean log-ratio in nats (at least 0). Default 0.1.</summary>
    public double Threshold { get; init => field = OptionCheck.NotNegative("off_policy_sequence_mask", value); } = 0.1;

    /// <summary>Mean log-ratio of each answer and 1 for those that are kept, each [rows].</summary>
    /// <param name="logProbs">Under the policy, [rows, positions].</param>
    /// <param name="sampler">Under the policy that sampled, [rows, positions].</param>
    /// <param name="mask">[rows, positions].</param>
    /// <param name="advantages">[rows].</param>
    public (Tensor SequenceKl, Tensor Keep) Evaluate(Tensor logProbs, Tensor sampler, Tensor mask, Tensor advantages)
    {
        using var noGrad = no_grad();
        var kl = Masked.RowMeans(sampler - logProbs, mask).squeeze(1);
        return (kl, advantages.ge(0).logical_or(kl.le(Threshold)).to(kl.dtype));
    }
}
