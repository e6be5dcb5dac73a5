using Alidade.Core;

namespace Alidade.Training.Objectives.Supervised;

/// <summary>Rewards of samples to weights, or to the samples that are kept.</summary>
public static class SampleWeights
{
    /// <summary>w_i = e^{R_i/β} / Σ e^{R_j/β}: the share of a sample under the optimum of KL-regularised reward.</summary>
    /// <param name="rewards">R.</param>
    /// <param name="beta">β above 0.</param>
    /// <exception cref="AlidadeException">β is not above 0, or there are no rewards.</exception>
    /// <remarks>Peters and Schaal 2007; Scheurer et al. 2023 (arXiv 2303.16755), eq. 5.</remarks>
    public static double[] Exponential(IReadOnlyList<double> rewards, double beta)
    {
        if (!(beta > 0 && double.IsFinite(beta)))
            throw new AlidadeException($"beta of exponential weights is {beta}; it must be a number above 0");
        var largest = Needed(rewards).Max();
        double[] terms = [.. rewards.Select(r => Math.Exp((r - largest) / beta))];
        var sum = terms.Sum();
        return [.. terms.Select(t => t / sum)];
    }

    /// <summary>The best ⌈share·n⌉ of all samples (RAFT, "top"), in ascending order of their indices; of equals the first.</summary>
    /// <param name="rewards">Rewards.</param>
    /// <param name="share">Share in (0, 1].</param>
    /// <exception cref="AlidadeException">The share is out of its range, or there are no rewards.</exception>
    /// <remarks>Dong et al. 2023 (arXiv 2304.06767), algorithm 1; LMFlow's default share is 0.2.</remarks>
    public static int[] Top(IReadOnlyList<double> rewards, double share)
    {
        if (!(share is > 0 and <= 1))
            throw new AlidadeException($"the share of samples to keep is {share}; it must be above 0 and at most 1");
        // 0.2 · 35 is a little above 7 in floating point.
        var count = (int)Math.Ceiling((share * Needed(rewards).Count) - 1e-9);
        return [.. Enumerable.Range(0, rewards.Count).OrderByDescending(i => rewards[i]).Take(count).Order()];
    }

    /// <summary>The best sample of each prompt (RAFT, "local"; best-of-n), by first appearance of the prompts; of equals the first.</summary>
    /// <param name="rewards">Rewards.</param>
    /// <param name="promptOf">The prompt of each sample.</param>
    /// <exception cref="AlidadeException">There are no rewards.</exception>
    public static int[] BestOfEach(IReadOnlyList<double> rewards, IReadOnlyList<int> promptOf) =>
        [.. Enumerable.Range(0, Needed(rewards).Count).GroupBy(i => promptOf[i]).Select(g => g.MaxBy(i => rewards[i]))];

    /// <summary>The samples with a reward above a threshold.</summary>
    /// <param name="rewards">Rewards.</param>
    /// <param name="threshold">τ.</param>
    /// <remarks>Gulcehre et al. 2023 (ReST, arXiv 2308.08998), improve step.</remarks>
    public static int[] Above(IReadOnlyList<double> rewards, double threshold) => [.. Enumerable.Range(0, rewards.Count).Where(i => rewards[i] > threshold)];

    private static IReadOnlyList<double> Needed(IReadOnlyList<double> rewards) => rewards.Count > 0 ? rewards : throw new AlidadeException("there are no rewards to weigh samples by");
}
