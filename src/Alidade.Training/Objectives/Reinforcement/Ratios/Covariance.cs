using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Ratios;

/// <summary>How much a token drives the entropy down: (A − mean A)·(log π − mean log π) over all tokens.</summary>
/// <remarks>Cui et al. 2025 (arXiv 2505.22617), eq. 10.</remarks>
internal static class Covariance
{
    /// <summary>[rows, positions], 0 outside the mask, without gradient.</summary>
    public static Tensor Of(PolicyTokens tokens, Tensor advantage)
    {
        using var noGrad = no_grad();
        var logProbs = tokens.LogProbs.detach();
        advantage = advantage.expand(tokens.Mask.shape);
        return Masked.Keep((advantage - Masked.Mean(advantage, tokens.Mask)) * (logProbs - Masked.Mean(logProbs, tokens.Mask)), tokens.Mask);
    }
}
