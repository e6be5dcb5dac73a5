using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Ratios;

/// <summary>
/// GMPO: the geometric mean of the tokens' ratios, each clipped in the log first, against the sign of the advantage: L = −A·exp(mean of the clipped log ρ_t).
/// </summary>
/// <remarks>Zhao et al. 2025 (arXiv 2507.20673), eq. 4; verl <c>geo_mean</c>. One loss for the answer; where its tokens have advantages of their own, their mean counts, as in verl.</remarks>
public sealed record Gmpo : IRatioLoss
{
    /// <summary>Lower clip of log ρ (at least 0). Default 0.4, as the paper.</summary>
    public double EpsilonLow { get; init => field = OptionCheck.NotNegative("gmpo", value); } = 0.4;

    /// <summary>Upper clip of log ρ (at least 0). Default 0.4, as the paper.</summary>
    public double EpsilonHigh { get; init => field = OptionCheck.NotNegative("gmpo", value); } = 0.4;

    /// <inheritdoc/>
    public string Name => "gmpo";

    /// <inheritdoc/>
    public RatioLoss Evaluate(PolicyTokens tokens, Tensor advantages)
    {
        var advantage = AdvantageShapes.OfRows(advantages, tokens);
        var sign = advantage.sign();
        var logRatio = tokens.LogRatio;
        var pessimistic = sign * minimum(sign * logRatio, sign * logRatio.clamp(-EpsilonLow, EpsilonHigh));
        var ratio = Masked.RowMeans(pessimistic, tokens.Mask).exp();
        return new((-advantage * ratio).expand(tokens.Mask.shape), ratio);
    }
}
