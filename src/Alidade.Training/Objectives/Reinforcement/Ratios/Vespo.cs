using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Ratios;

/// <summary>
/// VESPO: the product w of an answer's ratios passes a smooth bump: L = −φ(w)·A·log π, φ = e^λ·w^k·e^(−λw) without gradient, k and λ by the sign of A.
/// </summary>
/// <remarks>Shen et al. 2026 (arXiv 2602.10693), as TRL <c>loss_type=vespo</c>, its limits included: log ρ of a token within ±20, log w from log 1e-8 to 20. At w = 1, φ = 1.</remarks>
public sealed record Vespo : IRatioLoss
{
    private const double LogRatioLimit = 20;

    /// <summary>k at an advantage of at least 0. Default 2, as TRL.</summary>
    public double PowerPositive { get; init => field = OptionCheck.NotNegative("vespo", value); } = 2;

    /// <summary>λ at an advantage of at least 0. Default 3, as TRL.</summary>
    public double DecayPositive { get; init => field = OptionCheck.NotNegative("vespo", value); } = 3;

    /// <summary>k at a negative advantage. Default 3, as TRL.</summary>
    public double PowerNegative { get; init => field = OptionCheck.NotNegative("vespo", value); } = 3;

    /// <summary>λ at a negative advantage. Default 2, as TRL.</summary>
    public double DecayNegative { get; init => field = OptionCheck.NotNegative("vespo", value); } = 2;

    /// <inheritdoc/>
    public string Name => "vespo";

    /// <inheritdoc/>
    public RatioLoss Evaluate(PolicyTokens tokens, Tensor advantages)
    {
        var advantage = AdvantageShapes.OfTokens(advantages, tokens);
        var logWeight = Masked.RowSums(tokens.LogRatio.detach().clamp(-LogRatioLimit, LogRatioLimit), tokens.Mask).clamp(Math.Log(1e-8), LogRatioLimit);
        var positive = advantage.ge(0).to(advantage.dtype);
        var power = (positive * PowerPositive) + ((1 - positive) * PowerNegative);
        var decay = (positive * DecayPositive) + ((1 - positive) * DecayNegative);
        var bump = (decay + (power * logWeight) - (decay * logWeight.exp())).exp();
        return new((-bump * advantage * tokens.LogProbs).expand(tokens.Mask.shape), tokens.LogRatio.exp())
        {
            Outputs = new Dictionary<string, Tensor> { ["phi"] = bump },
        };
    }
}
