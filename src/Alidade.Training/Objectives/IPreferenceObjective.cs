using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>An objective on pairs of answers; a pure function.</summary>
public interface IPreferenceObjective
{
    /// <summary>The name that runs and messages use, such as "dpo".</summary>
    string Name { get; }

    /// <summary>What it reads besides the policy's log-probabilities, so that a trainer computes that and no more.</summary>
    PairInputs Needs { get; }

    /// <summary>Loss (mean over the pairs), metrics and implied rewards.</summary>
    /// <param name="pairs">Log-probabilities in nats, each of shape [pairs].</param>
    Objective Evaluate(in PairLogProbs pairs);
}

/// <summary>What every preference objective logs: the implied rewards r = β·(ℓ − ℓ°).</summary>
/// <remarks>Names and conventions of TRL 1.16: an accuracy counts r⁺ &gt; r⁻, so a tie counts as wrong; what share is ties is told beside it.</remarks>
public static class RewardMetrics
{
    /// <summary>The mean over the pairs of <paramref name="perPair"/> as the loss, with implied rewards and log-probabilities.</summary>
    /// <param name="beta">β.</param>
    /// <param name="pairs">Log-probabilities, each of shape [pairs].</param>
    /// <param name="perPair">The loss of each pair, [pairs].</param>
    public static Objective MeanWith(double beta, in PairLogProbs pairs, Tensor perPair) =>
        new Objective(perPair.mean(), perPair)
            .WithRewards(beta * pairs.ChosenRatio.detach(), beta * pairs.RejectedRatio.detach())
            .WithMetrics(("logps_chosen", pairs.PolicyChosen.detach().mean()), ("logps_rejected", pairs.PolicyRejected.detach().mean()));

    /// <summary>The same objective with implied rewards among its outputs, their means and the accuracy among its metrics.</summary>
    /// <param name="objective">The objective.</param>
    /// <param name="chosen">r⁺, [pairs], without gradient.</param>
    /// <param name="rejected">r⁻, [pairs], without gradient.</param>
    public static Objective WithRewards(this Objective objective, Tensor chosen, Tensor rejected) => objective
        .WithMetrics(
            ("rewards_chosen", chosen.mean()),
            ("rewards_rejected", rejected.mean()),
            ("rewards_margin", (chosen - rejected).mean()),
            ("rewards_accuracy", chosen.gt(rejected).to(chosen.dtype).mean()),
            ("rewards_ties", chosen.eq(rejected).to(chosen.dtype).mean()))
        .WithOutputs(("rewards_chosen", chosen), ("rewards_rejected", rejected));
}
