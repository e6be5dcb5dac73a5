using System.Globalization;

namespace Alidade.Core.Statistics;

/// <summary>
/// One item answered several times (epochs): ways to make one score of its scores. Every one needs at least one score; those that look at k of n need k ≤ n.
/// </summary>
/// <remarks>Inspect's epoch reducers. A success is a score of at least 1, as there.</remarks>
public static class Epochs
{
    /// <summary>The median; of an even number of scores the mean of the two in the middle.</summary>
    public static double Median(IReadOnlyList<double> scores) => Quantile.Of(scores, 0.5);

    /// <summary>The most frequent answer; of equally frequent ones the one that came first.</summary>
    /// <exception cref="InvalidOperationException">There are no answers.</exception>
    public static T Mode<T>(IReadOnlyList<T> answers)
        where T : notnull => answers.GroupBy(a => a).MaxBy(g => g.Count())!.Key;

    /// <summary>1 when at least k scores are successes, else 0.</summary>
    /// <param name="scores">Scores of one item.</param>
    /// <param name="k">How many must be.</param>
    /// <param name="success">The least score that is a success.</param>
    public static double AtLeast(IReadOnlyList<double> scores, int k, double success = 1) => scores.Count(s => s >= success) >= k ? 1 : 0;

    /// <summary>pass@k: the chance that of k answers drawn without replacement one at least is a success, 1 − C(n − c, k)/C(n, k) with c of n successes.</summary>
    /// <remarks>Chen et al. 2021 (arXiv 2107.03374), equation 1. Inspect gives 1 when k &gt; n; Alidade refuses, for it cannot be known.</remarks>
    /// <param name="scores">Scores of one item.</param>
    /// <param name="k">Answers drawn, 1 … n.</param>
    /// <param name="success">The least score that is a success.</param>
    public static double PassAt(IReadOnlyList<double> scores, int k, double success = 1)
    {
        Check(scores, k);
        var failures = scores.Count(s => s < success);
        var none = 1.0;
        for (var i = 0; i < k; i++)
            none *= Math.Max(0, failures - i) / (double)(scores.Count - i);
        return 1 - none;
    }

    /// <summary>pass^k: the chance that k answers drawn without replacement are all successes, C(c, k)/C(n, k).</summary>
    /// <remarks>Yao et al. 2024 (arXiv 2406.12045), section 4.</remarks>
    /// <param name="scores">Scores of one item.</param>
    /// <param name="k">Answers drawn, 1 … n.</param>
    /// <param name="success">The least score that is a success.</param>
    public static double PassAll(IReadOnlyList<double> scores, int k, double success = 1)
    {
        Check(scores, k);
        var successes = scores.Count(s => s >= success);
        var all = 1.0;
        for (var i = 0; i < k; i++)
            all *= Math.Max(0, successes - i) / (double)(scores.Count - i);
        return all;
    }

    /// <summary>
    /// The number of a grade: C(orrect) 1, P(artial) ½, I(ncorrect) and N(o answer) 0, yes and true 1, no and false 0, a number itself. Null for anything else.
    /// </summary>
    /// <remarks>Inspect's <c>value_to_float</c>, which makes 0 of anything else; here it has no score.</remarks>
    public static double? Grade(string grade) => grade switch
    {
        "C" => 1,
        "P" => 0.5,
        "I" or "N" => 0,
        _ => grade.ToLowerInvariant() switch
        {
            "yes" or "true" => 1,
            "no" or "false" => 0,
            var other => double.TryParse(other, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null,
        },
    };

    private static void Check(IReadOnlyList<double> scores, int k)
    {
        if (k < 1 || k > scores.Count)
            throw new ArgumentOutOfRangeException(nameof(k), k, $"{scores.Count} answers: between 1 and as many can be drawn");
    }
}
