using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Ratios;

/// <summary>
/// CISPO: the importance weight is clipped and has no gradient, so no token loses its gradient: L = −sg(clip(ρ))·A·log π.
/// </summary>
/// <remarks>
/// MiniMax-M1 2025 (arXiv 2506.13585), eq. 4–5. The bounds are ratios, not distances from 1: TRL's <c>epsilon_high</c> is the upper bound itself (recommended 5),
/// open-instruct's is 1 + it, and verl also has the lower bound.
/// </remarks>
public sealed record Cispo : IRatioLoss
{
    /// <summary>Upper bound of the weight (above 0). Default 5, as TRL recommends.</summary>
    public double High { get; init => field = OptionCheck.Positive("cispo", value); } = 5;

    /// <summary>Lower bound of the weight (at least 0). Default 0, none, as the paper's experiments.</summary>
    public double Low { get; init => field = OptionCheck.NotNegative("cispo", value); }

    /// <inheritdoc/>
    public string Name => "cispo";

    /// <inheritdoc/>
    public RatioLoss Evaluate(PolicyTokens tokens, Tensor advantages)
    {
        if (Low > High)
            throw new AlidadeException($"CISPO's lower bound {Low} is above its upper bound {High}");
        var advantage = AdvantageShapes.OfTokens(advantages, tokens);
        var ratio = tokens.LogRatio.exp();
        var weight = ratio.detach().clamp(Low, High);
        var cut = ratio.detach().gt(High).logical_and(advantage.gt(0)).to(ratio.dtype);
        return new((-weight * advantage * tokens.LogProbs).expand(tokens.Mask.shape), ratio)
        {
            Metrics = new Dictionary<string, Tensor> { ["clip_ratio"] = Masked.Mean(cut, tokens.Mask) },
        };
    }
}
