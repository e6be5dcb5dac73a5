using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Supervised;

/// <summary>How the margins of the worse answers become one penalty.</summary>
public enum StableAlignmentPenalty
{
    /// <summary>max(0, mean d).</summary>
    Mean,

    /// <summary>max(0, max d).</summary>
    Max,

    /// <summary>Σ max(0, d).</summary>
    Sum,
}

/// <summary>
/// Stable Alignment: of one prompt's rated answers, n_best + λ·penalty(d) with d_i = n_best − n_i + margin·(r_best − r_i)/scale for each other answer i; n is the token
/// mean of the negative log-likelihood and r the rating. The best answer is learned, and each worse one must be less likely by a margin that grows with the gap.
/// </summary>
/// <remarks>
/// Liu et al. 2023 (arXiv 2305.16960), eq. 1, with the sum; the published code has mean or max. That code takes the margin of another answer unless the answers come
/// sorted; here it is the answer's own. Of equal ratings the first answer is the best one.
/// </remarks>
public sealed record StableAlignment : IRankingObjective
{
    /// <summary>λ at least 0, the weight of the penalty. Default 0.5, as the published code.</summary>
    public double Ratio
    {
        get;
        init => field = OptionCheck.NotNegative(Name, value);
    } = 0.5;

    /// <summary>The margin of a gap of the whole scale, at least 0. Default 1, as the published code.</summary>
    public double Margin
    {
        get;
        init => field = OptionCheck.NotNegative(Name, value);
    } = 1;

    /// <summary>The range of ratings; above 0. Default 7, as the published data.</summary>
    public double RatingScale
    {
        get;
        init => field = OptionCheck.Positive(Name, value);
    } = 7;

    /// <summary>How the margins become one penalty. Default the mean, as the published code.</summary>
    public StableAlignmentPenalty Penalty { get; init; } = StableAlignmentPenalty.Mean;

    /// <inheritdoc/>
    public string Name => "stable_alignment";

    /// <inheritdoc/>
    public bool NeedsReference => false;

    /// <inheritdoc/>
    public Objective Evaluate(RankedLogProbs lists)
    {
        var each = lists.Checked(Name).Lists.Select(l => OfPrompt(l.PerLength(1), l.Scores)).ToArray();
        var losses = stack(each.Select(e => e.Loss));
        return new(losses.mean(), losses) { Metrics = new Dictionary<string, Tensor> { ["penalty"] = stack(each.Select(e => e.Penalty)).mean() } };
    }

    /// <summary>The loss of one prompt.</summary>
    /// <param name="meanLogProbs">Token mean of the log-probability of each answer, [answers]; differentiable.</param>
    /// <param name="ratings">r of each answer.</param>
    /// <returns>The loss, the index of the best answer and the penalty.</returns>
    /// <exception cref="AlidadeException">There are fewer than two answers.</exception>
    public (Tensor Loss, int Best, Tensor Penalty) OfPrompt(Tensor meanLogProbs, IReadOnlyList<double> ratings)
    {
        if (ratings.Count < 2)
            throw new AlidadeException($"Stable Alignment compares answers to one prompt; there are {ratings.Count}, and it needs at least 2");
        var best = Enumerable.Range(0, ratings.Count).MaxBy(i => ratings[i]);
        int[] others = [.. Enumerable.Range(0, ratings.Count).Where(i => i != best)];
        var nll = -meanLogProbs;
        var index = tensor(others.Select(i => (long)i).ToArray(), device: nll.device);
        var margins = TokenLogProbs.Numbers(others.Select(i => (ratings[best] - ratings[i]) / RatingScale * Margin), nll);
        var d = nll[best] - nll.index_select(0, index) + margins;
        var penalty = Penalty switch
        {
            StableAlignmentPenalty.Max => d.max().relu(),
            StableAlignmentPenalty.Sum => d.relu().sum(),
            _ => d.mean().relu(),
        };
        return (nll[best] + (Ratio * penalty), best, penalty.detach());
    }
}
