using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Odds ratio preference optimisation: NLL(prompt and preferred answer, token mean over the batch) − β·mean of log σ(o), o = log odds⁺ − log odds⁻ and
/// odds = p/(1 − p) with p = exp(ℓ/|y|). No reference.
/// </summary>
/// <remarks>
/// Hong et al. 2024 (arXiv 2403.07691), eq. 6–7. log(1 − eˣ) is taken in two branches around −log 2, so that likelihoods near 1 and near 0 keep their digits; a likelihood
/// of exactly 1 has infinite odds and is an error, where TRL gives gradients that are no numbers. The loss of an item is its term of the odds.
/// </remarks>
public sealed record Orpo : IPreferenceObjective
{
    /// <summary>Weight β ≥ 0 of the odds ratio (λ of the paper). Default 0.1, as the paper and TRL 1.16.</summary>
    public double Beta { get; init => field = OptionCheck.NotNegative(Name, value); } = 0.1;

    /// <inheritdoc/>
    public string Name => "orpo";

    /// <inheritdoc/>
    public PairInputs Needs => PairInputs.PromptAndChosen;

    /// <inheritdoc/>
    /// <exception cref="AlidadeException">An answer has probability 1.</exception>
    public Objective Evaluate(in PairLogProbs pairs)
    {
        var mean = pairs.PerToken();
        Certain(mean.PolicyChosen, "chosen");
        Certain(mean.PolicyRejected, "rejected");
        var odds = mean.PolicyChosen - mean.PolicyRejected - (Log1MinusExp(mean.PolicyChosen) - Log1MinusExp(mean.PolicyRejected));
        var preference = logsigmoid(odds);
        var tokens = PairLogProbs.Given(pairs.PromptAndChosenLengths, Name, PairInputs.PromptAndChosen).Sum();
        var nll = -PairLogProbs.Given(pairs.PromptAndChosen, Name, PairInputs.PromptAndChosen).sum() / tokens;
        var perPair = -Beta * preference;
        return new Objective(nll + perPair.mean(), perPair)
            .WithRewards(Beta * mean.PolicyChosen.detach(), Beta * mean.PolicyRejected.detach())
            .WithMetrics(
                ("nll", nll.detach()),
                ("log_odds_ratio", preference.detach().mean()),
                ("log_odds_chosen", odds.detach().mean()),
                ("logps_chosen", mean.PolicyChosen.detach().mean()),
                ("logps_rejected", mean.PolicyRejected.detach().mean()));
    }

    // Each branch sees only arguments that it is good for: a branch that is not taken must not put NaN into the gradient.
    private static Tensor Log1MinusExp(Tensor x)
    {
        var far = x < -Math.Log(2);
        var half = full_like(x.detach(), -Math.Log(2));
        return where(far, (-where(far, x, half).exp()).log1p(), (-where(far, half, x).expm1()).log());
    }

    private static void Certain(Tensor mean, string answer)
    {
        using var scope = NewDisposeScope();
        var values = mean.detach().to(ScalarType.Float64).cpu().data<double>().ToArray();
        for (var pair = 0; pair < values.Length; pair++)
            if (values[pair] >= 0)
                throw new AlidadeException(FormattableString.Invariant(
                    $"orpo: pair {pair}: the {answer} answer has a mean log-probability of {values[pair]}, and odds of a certain answer are infinite; drop the pair"));
    }
}
