using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Ratios;

/// <summary>
/// SAPO: a soft gate instead of a clip: L = −(4/τ)·σ(τ·(ρ − 1))·A, τ by the sign of A.
/// </summary>
/// <remarks>Gao et al. 2025 (arXiv 2511.20347), eq. 6; TRL, verl. At ρ = 1 the gate's derivative is 1 and its value 2/τ.</remarks>
public sealed record Sapo : IRatioLoss
{
    /// <summary>τ at a positive advantage (above 0). Default 1, as TRL.</summary>
    public double TauPositive { get; init => field = OptionCheck.Positive("sapo", value); } = 1;

    /// <summary>τ at any other advantage (above 0); larger closes the gate faster. Default 1.05, as TRL.</summary>
    public double TauNegative { get; init => field = OptionCheck.Positive("sapo", value); } = 1.05;

    /// <inheritdoc/>
    public string Name => "sapo";

    /// <inheritdoc/>
    public RatioLoss Evaluate(PolicyTokens tokens, Tensor advantages)
    {
        var advantage = AdvantageShapes.OfTokens(advantages, tokens);
        var ratio = tokens.LogRatio.exp();
        var positive = advantage.gt(0).to(advantage.dtype);
        var tau = (positive * TauPositive) + ((1 - positive) * TauNegative);
        return new((-(tau * (ratio - 1)).sigmoid() * 4 / tau * advantage).expand(tokens.Mask.shape), ratio);
    }
}
