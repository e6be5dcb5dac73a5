using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Rank responses to align with human feedback: w·Σ over r_i &lt; r_j of max(0, p_i − p_j) − ℓ of the best answer, p = ℓ/|y|^κ and r the scores. Equal scores make no pair;
/// the first of equally good answers is imitated.
/// </summary>
/// <remarks>
/// Yuan et al. 2023 (arXiv 2304.05302). The authors' code overwrites its labels before it counts them, so its |y| is the padded length of prompt and answer; it
/// weighs the ranking by 100, averages the imitation over padded positions, and compares within one prompt only for a batch of one. Here lengths are true.
/// </remarks>
public sealed record Rrhf : IRankingObjective
{
    /// <summary>Exponent κ ≥ 0 of the length. Default 1, as the paper.</summary>
    public double LengthPenalty { get; init => field = OptionCheck.NotNegative(Name, value); } = 1;

    /// <summary>Weight w ≥ 0 of the ranking. Default 1, as the paper; the authors' code takes 100.</summary>
    public double RankWeight { get; init => field = OptionCheck.NotNegative(Name, value); } = 1;

    /// <summary>Whether the best answer is imitated by its sum, or by the mean of its tokens. Default the sum, as the paper.</summary>
    public AnswerScale Imitation { get; init; } = AnswerScale.Sum;

    /// <inheritdoc/>
    public string Name => "rrhf";

    /// <inheritdoc/>
    public bool NeedsReference => false;

    /// <inheritdoc/>
    public Objective Evaluate(RankedLogProbs lists) => lists.MeanOver(Name, list =>
    {
        var likelihood = list.PerLength(LengthPenalty);
        // worse[i, j] is 1 where answer i scores below answer j.
        var worse = list.Numbers(list.Scores.SelectMany(i => list.Scores.Select(j => i < j ? 1.0 : 0))).view(list.Count, list.Count);
        var rank = (relu(likelihood.unsqueeze(1) - likelihood.unsqueeze(0)) * worse).sum();
        var nll = -list.Policy[list.Best];
        if (Imitation == AnswerScale.TokenMean)
            nll /= list.Lengths[list.Best];
        return new((RankWeight * rank) + nll)
        {
            Likelihood = likelihood,
            Terms = [("rank_loss", rank), ("nll", nll)],
        };
    });
}
