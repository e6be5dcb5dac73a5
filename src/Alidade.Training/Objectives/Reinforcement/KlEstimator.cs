using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>
/// Estimates of KL(π‖π°) from one sampled token, with r = log π − log π°.
/// </summary>
/// <remarks>
/// Schulman 2020, "Approximating KL divergence". As a loss, only the gradient of <see cref="K2"/> has the expectation ∇KL(π‖π°): that of k1 is 0, that of k3 is ∇KL(π°‖π).
/// k3 is computed with expm1, since near r = 0 it is r²/2. verl clamps k3 to ±10; nothing is clamped here.
/// </remarks>
public enum KlEstimator
{
    /// <summary>r: unbiased, may be negative.</summary>
    K1,

    /// <summary>r²/2: biased, small variance.</summary>
    K2,

    /// <summary>e^(−r) − 1 + r: unbiased and never negative.</summary>
    K3,

    /// <summary>|r|.</summary>
    Absolute,

    /// <summary>The value of k3 with the gradient of k2, whose expectation is the gradient of KL(π‖π°) (verl's "k3+").</summary>
    K3WithGradientOfK2,
}

/// <summary>The formulas of <see cref="KlEstimator"/>.</summary>
public static class KlEstimators
{
    /// <summary>The estimate at each token.</summary>
    /// <param name="estimator">Which.</param>
    /// <param name="logProbs">log π, any shape.</param>
    /// <param name="reference">log π°, the same shape.</param>
    public static Tensor Of(KlEstimator estimator, Tensor logProbs, Tensor reference)
    {
        var r = logProbs - reference;
        return estimator switch
        {
            KlEstimator.K1 => r,
            KlEstimator.K2 => r * r / 2,
            KlEstimator.K3 => (-r).expm1() + r,
            KlEstimator.Absolute => r.abs(),
            KlEstimator.K3WithGradientOfK2 => (r * r / 2) - (r * r / 2).detach() + ((-r).expm1() + r).detach(),
            _ => throw new AlidadeException($"there is no KL estimator {(int)estimator}"),
        };
    }
}
