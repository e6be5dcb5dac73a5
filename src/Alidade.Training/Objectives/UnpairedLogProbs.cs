using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>Summed log-probabilities in nats of single answers, each of shape [rows].</summary>
/// <param name="Policy">ℓ under the policy; differentiable.</param>
/// <param name="Reference">ℓ° under the reference.</param>
/// <param name="Desirable">True where the answer is called good.</param>
public readonly record struct UnpairedLogProbs(Tensor Policy, Tensor Reference, IReadOnlyList<bool> Desirable)
{
    /// <summary>ℓ and ℓ° of prompts with answers to other prompts, each of shape [rows]; no gradient is taken.</summary>
    public (Tensor Policy, Tensor Reference)? Mismatched { get; init; }

    /// <summary>Probability that a row with this prompt is desirable, [rows]; only undesirable rows are read.</summary>
    public Tensor? DesirableProbability { get; init; }

    /// <summary>ℓ − ℓ°.</summary>
    public Tensor Ratio => Policy - Reference;

    /// <summary>Desirable as a mask, [rows].</summary>
    public Tensor DesirableMask => tensor(Desirable.ToArray(), device: Policy.device);

    /// <summary>The mean over the rows as the loss, with the implied rewards in row order and their means over either kind that is there.</summary>
    /// <param name="beta">β.</param>
    /// <param name="perRow">The loss of each row, [rows].</param>
    internal Objective MeanWith(double beta, Tensor perRow)
    {
        Tensor rewards = beta * Ratio.detach(), logProbs = Policy.detach(), desirable = DesirableMask;
        var result = new Objective(perRow.mean(), perRow).WithOutputs(("rewards", rewards));
        foreach (var (kind, mask) in new[] { ("chosen", desirable), ("rejected", desirable.logical_not()) })
            if (Desirable.Contains(kind == "chosen"))
                result = result.WithMetrics(("rewards_" + kind, rewards.masked_select(mask).mean()), ("logps_" + kind, logProbs.masked_select(mask).mean()));
        return result.Metrics.TryGetValue("rewards_chosen", out var chosen) && result.Metrics.TryGetValue("rewards_rejected", out var rejected)
            ? result.WithMetrics(("rewards_margin", chosen - rejected))
            : result;
    }

    /// <summary>The same rows, once there is one and their numbers fit.</summary>
    /// <exception cref="AlidadeException">There is no row.</exception>
    internal UnpairedLogProbs Checked(string objective) =>
        Desirable.Count > 0 ? this : throw new AlidadeException($"{objective}: the batch has no row, so there is no loss");
}
