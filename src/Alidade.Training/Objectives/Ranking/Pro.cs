using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Preference ranking optimisation: with answers from best to worst, p = ℓ/|y|, T_ki = r_k − r_i and T_kk = max_i T_ki,
/// Σ_{k&lt;n} −log[e^(p_k·T_kk) / (e^(p_k·T_kk) + Σ_{i&gt;k} e^(p_i·T_ki))] + w·(n − 1)²·(−ℓ of the best answer).
/// </summary>
/// <remarks>
/// Song et al. 2023 (arXiv 2306.17492). The authors' code adds 1e-10 inside the logarithm, sums exponentials without a shift, and scores one token late; here the
/// mask is the answer and the sum is a log-sum-exp.
/// </remarks>
public sealed record Pro : IRankingObjective
{
    /// <summary>Weight w ≥ 0 of imitation, times (n − 1)². Default 0.05, as the authors' code.</summary>
    public double SftWeight { get; init => field = OptionCheck.NotNegative(Name, value); } = 0.05;

    /// <inheritdoc/>
    public string Name => "pro";

    /// <inheritdoc/>
    public bool NeedsReference => false;

    /// <inheritdoc/>
    public Objective Evaluate(RankedLogProbs lists) => lists.MeanOver(Name, given =>
    {
        var list = given.Sorted();
        var likelihood = list.PerLength(1);
        var terms = new List<Tensor>();
        for (var k = 0; k < list.Count - 1; k++)
        {
            double[] gaps = [.. list.Scores.Skip(k + 1).Select(r => list.Scores[k] - r)];
            var scaled = likelihood[k..] * list.Numbers([gaps.Max(), .. gaps]);
            terms.Add(scaled.logsumexp(0) - scaled[0]);
        }

        Tensor rank = stack(terms).sum(), imitation = -list.Policy[0];
        return new(rank + (SftWeight * Math.Pow(list.Count - 1, 2) * imitation))
        {
            Likelihood = given.PerLength(1),
            Terms = [("rank_loss", rank), ("sft_loss", imitation)],
        };
    });
}
