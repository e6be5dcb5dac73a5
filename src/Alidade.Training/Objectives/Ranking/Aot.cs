using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Alignment by optimal transport, paired: the margins ℓ⁺ − ℓ⁻ of the policy and of the reference are sorted over the batch, and the DPO loss (with ε) is taken of the
/// differences x of equal ranks: the policy's margins are to dominate the reference's as distributions.
/// </summary>
/// <remarks>
/// Melnyk et al. 2024 (arXiv 2406.05882). It depends on the batch: a batch of one is DPO. Losses of items come in sorted order. <c>aot</c> in every TRL.
/// </remarks>
public sealed record Aot : IPreferenceObjective
{
    /// <summary>β &gt; 0. Default 0.1, as TRL 1.16.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <summary>Share ε of labels that are taken to be flipped, in [0, ½). Default 0.</summary>
    public double LabelSmoothing { get; init => field = OptionCheck.Smoothing(Name, value); }

    /// <inheritdoc/>
    public string Name => "aot";

    /// <inheritdoc/>
    public PairInputs Needs => PairInputs.Reference;

    /// <inheritdoc/>
    public Objective Evaluate(in PairLogProbs pairs) =>
        RewardMetrics.MeanWith(Beta, pairs, Sorted(pairs.PolicyChosen - pairs.PolicyRejected, pairs.ReferenceChosen - pairs.ReferenceRejected, Beta, LabelSmoothing));

    /// <summary>DPO's loss of the differences of equal ranks, in rank order.</summary>
    /// <param name="upper">What is to be larger, [pairs].</param>
    /// <param name="lower">What it is compared with, [pairs].</param>
    /// <param name="beta">β.</param>
    /// <param name="smoothing">ε.</param>
    internal static Tensor Sorted(Tensor upper, Tensor lower, double beta, double smoothing) =>
        Logistic.Loss(beta * (upper.sort(dim: 0).Values - lower.sort(dim: 0).Values), smoothing);
}
