using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Ratios;

/// <summary>
/// The clipped surrogate: L = −min(ρ·A, clip(ρ, 1 − ε_low, 1 + ε_high)·A).
/// </summary>
/// <remarks>
/// PPO, Schulman et al. 2017 (arXiv 1707.06347), eq. 7; ε_high &gt; ε_low is DAPO's clip-higher (arXiv 2503.14476, eq. 10); <see cref="DualClip"/> is Ye et al. 2019
/// (arXiv 1912.09729), eq. 5. GRPO, GSPO and RLOO differ in the level of the ratio, the advantages and the aggregation alone.
/// </remarks>
public sealed record ClippedRatio : IRatioLoss
{
    /// <summary>ε_low ≥ 0. Default 0.2, as PPO.</summary>
    public double EpsilonLow { get; init => field = OptionCheck.NotNegative("clipped_ratio", value); } = 0.2;

    /// <summary>ε_high ≥ 0; infinity for none. Default 0.2, as PPO.</summary>
    public double EpsilonHigh { get; init => field = double.IsPositiveInfinity(value) ? value : OptionCheck.NotNegative("clipped_ratio", value); } = 0.2;

    /// <summary>What the ratio is taken of. Default each token.</summary>
    public RatioLevel Level { get; init; } = RatioLevel.Token;

    /// <summary>c &gt; 1: at a negative advantage the loss is at most −c·A. Null for none, the default (verl: 3).</summary>
    public double? DualClip { get; init => field = value is { } v ? OptionCheck.Allowed(v > 1 && double.IsFinite(v), "clipped_ratio", nameof(DualClip), v, "a number above 1") : null; }

    /// <summary>δ: the unclipped ratio is cut at this, which bounds the loss at negative advantages. Null for none, the default. INTELLECT-2 (arXiv 2505.07291), sec. 3.4; TRL <c>delta</c>.</summary>
    public double? RatioCap { get; init => field = value is { } v ? OptionCheck.Positive("clipped_ratio", v) : null; }

    /// <summary>Log-ratios of tokens are cut to ±this, beyond which they have no gradient. Null for none, as TRL, the default (verl and OpenRLHF: 20).</summary>
    public double? LogRatioLimit { get; init => field = value is { } v ? OptionCheck.Positive("clipped_ratio", v) : null; }

    /// <inheritdoc/>
    public string Name => "clip";

    /// <inheritdoc/>
    public RatioLoss Evaluate(PolicyTokens tokens, Tensor advantages)
    {
        var advantage = Level == RatioLevel.SequenceProduct ? AdvantageShapes.OfRows(advantages, tokens) : AdvantageShapes.OfTokens(advantages, tokens);
        var logRatio = LogRatioLimit is { } limit ? tokens.LogRatio.clamp(-limit, limit) : tokens.LogRatio;
        var ratio = ImportanceRatio.Of(Level, tokens, logRatio);
        var capped = RatioCap is { } cap ? ratio.clamp_max(cap) : ratio;
        var clipped = double.IsInfinity(EpsilonHigh) ? ratio.clamp_min(1 - EpsilonLow) : ratio.clamp(1 - EpsilonLow, 1 + EpsilonHigh);
        var unclippedLoss = -advantage * capped;
        var clippedLoss = -advantage * clipped;
        var loss = maximum(unclippedLoss, clippedLoss);
        var metrics = MetricsOf(tokens, advantage, capped, unclippedLoss, clippedLoss, logRatio);
        if (DualClip is { } c)
        {
            var bound = -advantage * c;
            metrics["dual_clip_fraction"] = MeanOf(loss.gt(bound).logical_and(advantage.lt(0)), tokens);
            loss = where(advantage.lt(0), minimum(loss, bound), loss);
        }

        return new(loss.expand(tokens.Mask.shape), ratio) { Metrics = metrics };
    }

    private Dictionary<string, Tensor> MetricsOf(PolicyTokens tokens, Tensor advantage, Tensor capped, Tensor unclippedLoss, Tensor clippedLoss, Tensor logRatio)
    {
        using var noGrad = no_grad();
        var low = capped.lt(1 - EpsilonLow).logical_and(advantage.lt(0));
        var high = capped.gt(1 + EpsilonHigh).logical_and(advantage.gt(0));
        var d = logRatio.detach();
        return new()
        {
            ["clip_low"] = MeanOf(low, tokens),
            ["clip_high"] = MeanOf(high, tokens),
            ["clip_region"] = MeanOf(low.logical_or(high), tokens),
            ["clip_fraction"] = MeanOf(clippedLoss.gt(unclippedLoss), tokens),
            ["approx_kl_k1"] = Masked.Mean(-d, tokens.Mask),
            ["approx_kl_k2"] = Masked.Mean(d * d / 2, tokens.Mask),
            ["approx_kl_k3"] = Masked.Mean(d.expm1() - d, tokens.Mask),
            ["mean_ratio"] = Masked.Mean(d.exp(), tokens.Mask),
        };
    }

    // One for an answer counts once, whatever the answer's length.
    private static Tensor MeanOf(Tensor which, PolicyTokens tokens)
    {
        var share = which.to(tokens.Mask.dtype);
        return share.size(1) == tokens.Mask.size(1) ? Masked.Mean(share, tokens.Mask) : share.mean();
    }
}
