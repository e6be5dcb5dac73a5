using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Ratios;

/// <summary>What the importance ratio π/π_old is taken of.</summary>
public enum RatioLevel
{
    /// <summary>ρ_t of each token. PPO, GRPO.</summary>
    Token,

    /// <summary>s = (Π ρ_t)^(1/|y|): one for the answer. GSPO, Zheng et al. 2025 (arXiv 2507.18071), eq. 5.</summary>
    SequenceMean,

    /// <summary>The value of s with the gradient of each token's log π. GSPO-token, eq. 13.</summary>
    SequenceMeanOnTokens,

    /// <summary>Π ρ_t: one for the answer. RLOO as TRL computes it.</summary>
    SequenceProduct,
}

/// <summary>The formulas of <see cref="RatioLevel"/>.</summary>
public static class ImportanceRatio
{
    /// <summary>The ratio, [rows, positions] or [rows, 1]; differentiable.</summary>
    /// <param name="level">Which.</param>
    /// <param name="tokens">Log-probabilities.</param>
    /// <param name="logRatio">log π − log π_old, perhaps limited, [rows, positions].</param>
    public static Tensor Of(RatioLevel level, PolicyTokens tokens, Tensor logRatio) => level switch
    {
        RatioLevel.Token => logRatio.exp(),
        RatioLevel.SequenceMean => Masked.RowMeans(logRatio, tokens.Mask).exp(),
        RatioLevel.SequenceMeanOnTokens => (Masked.RowMeans(logRatio, tokens.Mask).detach() + tokens.LogProbs - tokens.LogProbs.detach()).exp(),
        RatioLevel.SequenceProduct => Masked.RowSums(logRatio, tokens.Mask).exp(),
        _ => throw new AlidadeException($"there is no ratio level {(int)level}"),
    };
}
