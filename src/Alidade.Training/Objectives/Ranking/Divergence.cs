using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// A divergence f that keeps the policy near the reference, as its score s(u) = f′(eᵘ) of a log-ratio u: DPO's implied reward is β·s(u).
/// </summary>
/// <remarks>
/// Wang et al. 2023, "Beyond reverse KL" (arXiv 2309.16240). The constants make f′(1) = 0, as TRL 1.16 does: they cancel in Δ but not in losses that divide by
/// lengths, where earlier versions left them out. Forward KL and α-divergence grow as e^|u|: in float32 they overflow at log-ratios beyond −88 nats, and training then
/// stops with an error; TRL clamps the exponent of one of them instead, which leaves no gradient.
/// </remarks>
public abstract record Divergence
{
    /// <summary>The name that options and messages use.</summary>
    public abstract string Name { get; }

    /// <summary>f′(eᵘ).</summary>
    /// <param name="logRatio">u = log π/π°, of any shape.</param>
    public abstract Tensor Score(Tensor logRatio);
}

/// <summary>KL(π ‖ π°): s(u) = u.</summary>
public sealed record ReverseKl : Divergence
{
    /// <inheritdoc/>
    public override string Name => "reverse_kl";

    /// <inheritdoc/>
    public override Tensor Score(Tensor logRatio) => logRatio;
}

/// <summary>KL(π° ‖ π): s(u) = 1 − e^(−u).</summary>
public sealed record ForwardKl : Divergence
{
    /// <inheritdoc/>
    public override string Name => "forward_kl";

    /// <inheritdoc/>
    public override Tensor Score(Tensor logRatio) => -(-logRatio).expm1();
}

/// <summary>Jensen–Shannon divergence: s(u) = log 2 + log σ(u).</summary>
public sealed record JensenShannon : Divergence
{
    /// <inheritdoc/>
    public override string Name => "js_divergence";

    /// <inheritdoc/>
    public override Tensor Score(Tensor logRatio) => logsigmoid(logRatio) + Math.Log(2);
}

/// <summary>α-divergence: s(u) = (e^((α−1)u) − 1)/(α − 1); α → 0 is forward KL, α → 1 reverse KL.</summary>
/// <remarks>The coefficient of TRL before 1.0 is 1 − α.</remarks>
public sealed record AlphaDivergence : Divergence
{
    /// <summary>α, not 1. Default 0.5, as TRL 1.16.</summary>
    public double Alpha
    {
        get;
        init => field = OptionCheck.Allowed(double.IsFinite(value) && value != 1, Name, nameof(Alpha), value, "a number that is not 1 (1 is reverse_kl)");
    } = 0.5;

    /// <inheritdoc/>
    public override string Name => "alpha_divergence";

    /// <inheritdoc/>
    public override Tensor Score(Tensor logRatio) => ((Alpha - 1) * logRatio).expm1() / (Alpha - 1);
}
