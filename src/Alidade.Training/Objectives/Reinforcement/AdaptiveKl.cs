using Alidade.Core;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>
/// Moves a KL weight towards a target: β ← β·(1 + clip(KL/target − 1, ±0.2)·n/horizon), n the answers of the update.
/// </summary>
/// <remarks>Ziegler et al. 2019 (arXiv 1909.08593), sec. 2.2; limit and default horizon as OpenRLHF and verl.</remarks>
public sealed record AdaptiveKl
{
    /// <summary>KL in nats that is aimed at (above 0). Default 6, as Ziegler et al.</summary>
    public double Target { get; init => field = OptionCheck.Positive("adaptive_kl", value); } = 6;

    /// <summary>Answers over which the weight can change by its limit. Default 10,000, as OpenRLHF.</summary>
    public double Horizon { get; init => field = OptionCheck.Positive("adaptive_kl", value); } = 10_000;

    /// <summary>Largest relative error that is acted on. Default 0.2.</summary>
    public double Limit { get; init => field = OptionCheck.Positive("adaptive_kl", value); } = 0.2;

    /// <summary>The weight after an update.</summary>
    /// <param name="beta">The weight before it.</param>
    /// <param name="kl">Mean KL of the answers, in nats.</param>
    /// <param name="answers">Number of answers.</param>
    /// <exception cref="AlidadeException">The KL is not a number.</exception>
    public double Next(double beta, double kl, int answers) =>
        beta * (1 + (Math.Clamp((OptionCheck.Finite("adaptive_kl", kl, "the KL of the update") / Target) - 1, -Limit, Limit) * answers / Horizon));
}
