namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// DPO of whole rankings (Plackett–Luce): −Σ_{k&lt;n} log[e^(r_k) / Σ_{j≥k} e^(r_j)] with answers from best to worst and the implied rewards r = β·(ℓ − ℓ°). Two answers
/// are DPO.
/// </summary>
/// <remarks>Rafailov et al. 2023 (arXiv 2305.18290), appendix A.3.</remarks>
public sealed record ListwiseDpo : IRankingObjective
{
    /// <summary>Strength β &gt; 0 of the pull towards the reference. Default 0.1, as DPO.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <inheritdoc/>
    public string Name => "listwise_dpo";

    /// <inheritdoc/>
    public bool NeedsReference => true;

    /// <inheritdoc/>
    public Objective Evaluate(RankedLogProbs lists) => lists.MeanOver(Name, given =>
    {
        var list = given.Sorted();
        return new(PlackettLuce.Loss(Beta * (list.Policy - list.Reference))) { Likelihood = Beta * (given.Policy - given.Reference) };
    });
}
