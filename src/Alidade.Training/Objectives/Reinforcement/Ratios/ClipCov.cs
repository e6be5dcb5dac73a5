using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Ratios;

/// <summary>
/// Clip-Cov: the clipped surrogate, in which a few tokens of high covariance between advantage and log-probability, drawn at random, lose their gradient.
/// </summary>
/// <remarks>Cui et al. 2025 (arXiv 2505.22617), eq. 11–12; verl. The draw comes with the batch (<see cref="PolicyTokens.Draws"/>), so that the objective stays a pure function.</remarks>
public sealed record ClipCov : IRatioLoss
{
    /// <summary>ε_low ≥ 0. Default 0.2.</summary>
    public double EpsilonLow { get; init => field = OptionCheck.NotNegative("clip_cov", value); } = 0.2;

    /// <summary>ε_high ≥ 0. Default 0.2.</summary>
    public double EpsilonHigh { get; init => field = OptionCheck.NotNegative("clip_cov", value); } = 0.2;

    /// <summary>Share of all tokens that is dropped at most, at least one token, in [0, 1]. Default 0.0002, as verl.</summary>
    public double Share { get; init => field = OptionCheck.Share("clip_cov", value); } = 0.0002;

    /// <summary>Least covariance of a token that may be dropped. Default 1, as verl.</summary>
    public double CovarianceLow { get; init => field = OptionCheck.Finite("clip_cov", value); } = 1;

    /// <summary>Largest covariance of a token that may be dropped. Default 5, as verl.</summary>
    public double CovarianceHigh { get; init => field = OptionCheck.Finite("clip_cov", value); } = 5;

    /// <inheritdoc/>
    public string Name => "clip_cov";

    /// <inheritdoc/>
    public RatioLoss Evaluate(PolicyTokens tokens, Tensor advantages)
    {
        var draws = tokens.Draws ?? throw new AlidadeException("Clip-Cov draws tokens at random and needs a uniform number for each, and none were given");
        var (_, eligible) = Eligible(tokens, advantages);
        return Evaluate(tokens, advantages, Drop(eligible, draws, tokens.Mask));
    }

    /// <summary>The loss when it is known which tokens are dropped.</summary>
    /// <param name="tokens">Log-probabilities.</param>
    /// <param name="advantages">[rows] or [rows, positions].</param>
    /// <param name="dropped">1 for the tokens without gradient, [rows, positions].</param>
    public RatioLoss Evaluate(PolicyTokens tokens, Tensor advantages, Tensor dropped)
    {
        var clip = new ClippedRatio { EpsilonLow = EpsilonLow, EpsilonHigh = EpsilonHigh }.Evaluate(tokens, advantages);
        var kept = 1 - dropped.to(clip.Values.dtype);
        return clip with
        {
            Values = clip.Values * kept,
            Metrics = new Dictionary<string, Tensor>(clip.Metrics) { ["dropped_fraction"] = Masked.Mean(1 - kept, tokens.Mask) },
        };
    }

    /// <summary>The covariance of each token, and 1 for those that may be dropped: within the bounds and not clipped already; each [rows, positions].</summary>
    /// <param name="tokens">Log-probabilities.</param>
    /// <param name="advantages">[rows] or [rows, positions].</param>
    public (Tensor Covariance, Tensor Eligible) Eligible(PolicyTokens tokens, Tensor advantages)
    {
        using var noGrad = no_grad();
        var advantage = AdvantageShapes.OfTokens(advantages, tokens);
        var covariance = Ratios.Covariance.Of(tokens, advantage);
        var ratio = tokens.LogRatio.detach().exp();
        var clipped = (-advantage * ratio.clamp(1 - EpsilonLow, 1 + EpsilonHigh)).gt(-advantage * ratio);
        var eligible = covariance.gt(CovarianceLow).logical_and(covariance.lt(CovarianceHigh)).logical_and(tokens.Mask.ne(0)).logical_and(clipped.logical_not());
        return (covariance, eligible.to(tokens.Mask.dtype));
    }

    /// <summary>The eligible tokens of the smallest draws.</summary>
    private Tensor Drop(Tensor eligible, Tensor draws, Tensor mask)
    {
        using var noGrad = no_grad();
        var count = Math.Min(Math.Max(1, (long)(mask.ne(0).sum().item<long>() * Share)), eligible.ne(0).sum().item<long>());
        if (count == 0)
            return zeros_like(eligible);
        var (_, index) = where(eligible.ne(0), draws, full_like(draws, double.PositiveInfinity)).reshape(-1).topk((int)count, 0, largest: false);
        return zeros_like(eligible).reshape(-1).scatter(0, index, ones(count, eligible.dtype, eligible.device)).view(eligible.shape);
    }
}
