using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>How sequence likelihood calibration compares the answers of a list.</summary>
public enum CalibrationLoss
{
    /// <summary>The best with the worst: max(0, β − p_1 + p_n).</summary>
    Rank,

    /// <summary>The same with a margin by their scores: max(0, β·(s_1 − s_n) − p_1 + p_n).</summary>
    Margin,

    /// <summary>All pairs, by the distance of their ranks: Σ_{i&lt;j} max(0, β·(j − i) − p_i + p_j).</summary>
    List,

    /// <summary>The expected score: −Σ_i s_i·softmax(p)_i; no β.</summary>
    Reward,
}

/// <summary>
/// Sequence likelihood calibration: the likelihoods p = ℓ/|y|^κ of a list of candidates are put in the order of their scores s (similarity to a target).
/// </summary>
/// <remarks>Zhao et al. 2022 (arXiv 2210.00045). Scores are taken from best to worst.</remarks>
public sealed record SlicCalibration : IRankingObjective
{
    /// <summary>How answers are compared. Default the rank loss.</summary>
    public CalibrationLoss Loss { get; init; } = CalibrationLoss.Rank;

    /// <summary>Margin β ≥ 0. Default 1; the paper tunes it for each loss.</summary>
    public double Beta { get; init => field = OptionCheck.NotNegative(Name, value); } = 1;

    /// <summary>Exponent κ ≥ 0 of the length. Default 1: token means.</summary>
    public double LengthPenalty { get; init => field = OptionCheck.NotNegative(Name, value); } = 1;

    /// <inheritdoc/>
    public string Name => "slic";

    /// <inheritdoc/>
    public bool NeedsReference => false;

    /// <inheritdoc/>
    public Objective Evaluate(RankedLogProbs lists) => lists.MeanOver(Name, given =>
    {
        var list = given.Sorted();
        Tensor p = list.PerLength(LengthPenalty), last = p[list.Count - 1];
        return new(Loss switch
        {
            CalibrationLoss.Rank => relu(Beta - p[0] + last),
            CalibrationLoss.Margin => relu((Beta * (list.Scores[0] - list.Scores[^1])) - p[0] + last),
            CalibrationLoss.List => PairsByRank(p, list),
            _ => -(list.Numbers(list.Scores) * p.softmax(-1)).sum(),
        })
        { Likelihood = given.PerLength(LengthPenalty) };
    });

    // 1 above the diagonal picks the pairs i < j; there the distance of ranks is j − i.
    private Tensor PairsByRank(Tensor p, RankedList list)
    {
        var ranks = Enumerable.Range(0, list.Count).ToArray();
        var distance = list.Numbers(ranks.SelectMany(i => ranks.Select(j => (double)Math.Max(0, j - i)))).view(list.Count, list.Count);
        return (relu((Beta * distance) - p.unsqueeze(1) + p.unsqueeze(0)) * distance.sign()).sum();
    }
}
