using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>β·KL(π‖π°) of each token as a part of the loss.</summary>
/// <remarks>GRPO, Shao et al. 2024 (arXiv 2402.03300), eq. 4, with k3.</remarks>
public sealed record KlPenalty
{
    /// <summary>Weight β ≥ 0. Default 0.04, as the GRPO paper; TRL's default is 0.</summary>
    public double Beta { get; init => field = OptionCheck.NotNegative("kl_penalty", value); } = 0.04;

    /// <summary>Estimate. Default k3, as in the GRPO paper.</summary>
    public KlEstimator Estimator { get; init; } = KlEstimator.K3;

    /// <summary>
    /// Multiply the estimate by the importance ratio, so that it is unbiased under the policy that sampled (DeepSeek-V3.2, arXiv 2512.02556). Default false, as in the GRPO paper; TRL 1.16 has it on.
    /// </summary>
    public bool TimesRatio { get; init; }

    /// <summary>The estimate at each token, without β, of shape [rows, positions].</summary>
    /// <param name="tokens">With a reference.</param>
    /// <param name="ratio">Importance ratio, [rows, positions] or [rows, 1].</param>
    public Tensor Evaluate(PolicyTokens tokens, Tensor ratio)
    {
        var kl = KlEstimators.Of(Estimator, tokens.LogProbs, tokens.RequireReference("a KL penalty"));
        return TimesRatio ? kl * ratio : kl;
    }
}
