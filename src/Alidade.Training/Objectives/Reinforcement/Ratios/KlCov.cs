using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Ratios;

/// <summary>
/// KL-Cov: no clipping; the tokens of the largest covariance between advantage and log-probability are held to the old policy: L = −ρ·A + selected·c·|log π − log π_old|.
/// </summary>
/// <remarks>Cui et al. 2025 (arXiv 2505.22617), eq. 13–14; verl. At least one token is held.</remarks>
public sealed record KlCov : IRatioLoss
{
    /// <summary>Share of all tokens that is held, in [0, 1]. Default 0.0002, as verl.</summary>
    public double Share { get; init => field = OptionCheck.Share("kl_cov", value); } = 0.0002;

    /// <summary>Weight c ≥ 0. Default 1, as verl.</summary>
    public double Coefficient { get; init => field = OptionCheck.NotNegative("kl_cov", value); } = 1;

    /// <inheritdoc/>
    public string Name => "kl_cov";

    /// <inheritdoc/>
    public RatioLoss Evaluate(PolicyTokens tokens, Tensor advantages)
    {
        var advantage = AdvantageShapes.OfTokens(advantages, tokens);
        var ratio = tokens.LogRatio.exp();
        var (covariance, selected) = Select(tokens, advantage);
        return new((-advantage * ratio) + (selected * Coefficient * tokens.LogRatio.abs()), ratio)
        {
            Outputs = new Dictionary<string, Tensor> { ["covariance"] = covariance, ["selected"] = selected },
        };
    }

    private (Tensor Covariance, Tensor Selected) Select(PolicyTokens tokens, Tensor advantage)
    {
        using var noGrad = no_grad();
        var covariance = Covariance.Of(tokens, advantage);
        var counts = tokens.Mask.ne(0);
        var held = (int)Math.Max(1, (long)(counts.sum().item<long>() * Share));
        var (_, index) = where(counts, covariance, full_like(covariance, double.NegativeInfinity)).reshape(-1).topk(held, 0);
        var selected = zeros_like(covariance).reshape(-1).scatter(0, index, ones(held, covariance.dtype, covariance.device));
        return (covariance, selected.view(covariance.shape));
    }
}
