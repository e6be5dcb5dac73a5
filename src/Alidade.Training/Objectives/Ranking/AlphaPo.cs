using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// AlphaPO: SimPO with the shape of its reward changed, −log σ(β·(r⁺ − r⁻) − γ) with r = (1 − p^(−α))/α and p = exp(ℓ/|y|). α = 0 is SimPO (r = log p).
/// </summary>
/// <remarks>Gupta et al. 2025 (arXiv 2501.03884); <c>alpha</c> of TRL's CPO trainer.</remarks>
public sealed record AlphaPo : IPreferenceObjective
{
    /// <summary>Scale β &gt; 0 of the rewards. Default 2, as SimPO.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 2;

    /// <summary>Target margin γ ≥ 0. Default 0.5, as SimPO.</summary>
    public double Gamma { get; init => field = OptionCheck.NotNegative(Name, value); } = 0.5;

    /// <summary>Shape α of the reward, any finite number. Default 0.25, small and positive, where the paper sees its gains.</summary>
    public double Alpha { get; init => field = OptionCheck.Finite(Name, value); } = 0.25;

    /// <inheritdoc/>
    public string Name => "alphapo";

    /// <inheritdoc/>
    public PairInputs Needs => PairInputs.None;

    /// <inheritdoc/>
    public Objective Evaluate(in PairLogProbs pairs)
    {
        var mean = pairs.PerToken();
        Tensor chosen = Beta * Reward(mean.PolicyChosen), rejected = Beta * Reward(mean.PolicyRejected);
        var perPair = Logistic.Loss(chosen - rejected - Gamma, 0);
        return new Objective(perPair.mean(), perPair).WithRewards(chosen.detach(), rejected.detach())
            .WithMetrics(("logps_chosen", mean.PolicyChosen.detach().mean()), ("logps_rejected", mean.PolicyRejected.detach().mean()));
    }

    private Tensor Reward(Tensor meanLogProb) => Alpha == 0 ? meanLogProb : -(-Alpha * meanLogProb).expm1() / Alpha;
}
