using Alidade.Core;

namespace Alidade.Training.Objectives.Reward;

/// <summary>
/// The scores that several reward models give to each answer, and what is made of them: the mean, the worst case, or the mean less a multiple of the disagreement,
/// which a policy cannot exploit as easily as one model.
/// </summary>
/// <param name="Mean">Mean over the members, for each answer.</param>
/// <param name="Minimum">Worst-case optimisation: the smallest score.</param>
/// <param name="Maximum">The largest score.</param>
/// <param name="Median">Middle score; the mean of the two middle ones where their number is even.</param>
/// <param name="StandardDeviation">Population standard deviation over the members: the disagreement.</param>
/// <param name="Members">Number of reward models.</param>
/// <remarks>Coste et al. 2023 (arXiv 2310.02743), eq. 2 to 4.</remarks>
public sealed record RewardEnsemble(
    IReadOnlyList<double> Mean, IReadOnlyList<double> Minimum, IReadOnlyList<double> Maximum, IReadOnlyList<double> Median, IReadOnlyList<double> StandardDeviation, int Members)
{
    /// <summary>Gathers the scores of the members.</summary>
    /// <param name="scores">For each member a score for each answer.</param>
    /// <exception cref="AlidadeException">There are no members, or they score different numbers of answers.</exception>
    public static RewardEnsemble Of(IReadOnlyList<IReadOnlyList<double>> scores)
    {
        if (scores.Count == 0 || scores.Any(s => s.Count != scores[0].Count))
            throw new AlidadeException(scores.Count == 0 ? "an ensemble needs at least one reward model"
                : $"the members of an ensemble score different numbers of answers: {string.Join(", ", scores.Select(s => s.Count))}");
        double[][] byAnswer = [.. Enumerable.Range(0, scores[0].Count).Select(a => scores.Select(m => m[a]).Order().ToArray())];
        double[] means = [.. byAnswer.Select(s => s.Average())];
        return new(
            means, [.. byAnswer.Select(s => s[0])], [.. byAnswer.Select(s => s[^1])], [.. byAnswer.Select(s => (s[(s.Length - 1) / 2] + s[s.Length / 2]) / 2)],
            [.. byAnswer.Select((s, a) => Math.Sqrt(s.Average(x => (x - means[a]) * (x - means[a]))))], scores.Count);
    }

    /// <summary>Mean − k·standard deviation.</summary>
    /// <param name="k">Standard deviations.</param>
    public IReadOnlyList<double> LowerBound(double k) => [.. Mean.Zip(StandardDeviation, (m, s) => m - (k * s))];

    /// <summary>Uncertainty-weighted optimisation: mean − λ·variance.</summary>
    /// <param name="lambda">λ; the paper uses 0.1 to 0.5 for best-of-n.</param>
    public IReadOnlyList<double> UncertaintyWeighted(double lambda) => [.. Mean.Zip(StandardDeviation, (m, s) => m - (lambda * s * s))];

    /// <summary>The answer with the largest value; of equals the first.</summary>
    public static int Best(IReadOnlyList<double> values) => Enumerable.Range(0, values.Count).MaxBy(i => values[i]);
}
