namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Alignment by optimal transport, unpaired: the log-ratios of the preferred answers and of the others are each sorted over the batch, and the DPO loss (with ε) is taken
/// of the differences of equal ranks; which answer belongs to which does not matter.
/// </summary>
/// <remarks>
/// Melnyk et al. 2024 (arXiv 2406.05882). Losses of items come in sorted order. <c>aot_unpaired</c> of TRL since 1.0, which before called it <c>aot_pair</c>.
/// </remarks>
public sealed record AotUnpaired : IPreferenceObjective
{
    /// <summary>β &gt; 0. Default 0.1, as TRL 1.16.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <summary>Share ε of labels that are taken to be flipped, in [0, ½). Default 0.</summary>
    public double LabelSmoothing { get; init => field = OptionCheck.Smoothing(Name, value); }

    /// <inheritdoc/>
    public string Name => "aot_unpaired";

    /// <inheritdoc/>
    public PairInputs Needs => PairInputs.Reference;

    /// <inheritdoc/>
    public Objective Evaluate(in PairLogProbs pairs) =>
        RewardMetrics.MeanWith(Beta, pairs, Aot.Sorted(pairs.ChosenRatio, pairs.RejectedRatio, Beta, LabelSmoothing));
}
