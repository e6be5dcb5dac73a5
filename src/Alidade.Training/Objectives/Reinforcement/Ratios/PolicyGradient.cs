using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Ratios;

/// <summary>The plain policy gradient, without a ratio: L = −A·log π.</summary>
/// <remarks>REINFORCE, Williams 1992; GPG, Chu et al. 2025 (arXiv 2504.02546), eq. 5. Right for answers of the policy itself alone.</remarks>
public sealed record PolicyGradient : IRatioLoss
{
    /// <inheritdoc/>
    public string Name => "policy_gradient";

    /// <inheritdoc/>
    public RatioLoss Evaluate(PolicyTokens tokens, Tensor advantages) =>
        new((-AdvantageShapes.OfTokens(advantages, tokens) * tokens.LogProbs).expand(tokens.Mask.shape), tokens.LogRatio.exp());
}
