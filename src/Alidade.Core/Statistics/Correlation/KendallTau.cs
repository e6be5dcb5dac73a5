using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics.Correlation;

/// <summary>
/// Kendall's τ: concordant less discordant pairs of items, C − D, over a number of pairs. τ_b = (C − D)/√((n₀ − ties of the first)(n₀ − ties of the second)), n₀ =
/// n(n − 1)/2.
/// </summary>
/// <param name="B">τ_b; NaN when one of the two does not vary.</param>
/// <param name="C">Stuart's τ_c = 2m(C − D)/(n²(m − 1)), m the lesser number of distinct values; NaN when that is 1.</param>
/// <param name="SomersD">Somers' d of the second given the first: (C − D)/(n₀ − ties of the first).</param>
/// <param name="P">Two-sided p by the normal approximation, corrected for ties.</param>
/// <param name="ExactP">Exact two-sided p; null when there are ties or more than 500 items.</param>
/// <param name="Count">Items.</param>
/// <remarks>Kendall 1938, 1945; Stuart 1953; Somers 1962. Pairs are counted one by one, n²/2 of them.</remarks>
public sealed record KendallTau(double B, double C, double SomersD, double P, double? ExactP, int Count)
{
    /// <summary>τ with its tests.</summary>
    /// <exception cref="ArgumentException">The lists differ in length or hold fewer than two values.</exception>
    public static KendallTau Of(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        PearsonCorrelation.Check(first, second);
        long balance = 0, discordant = 0;
        for (var i = 0; i < first.Count; i++)
            for (var j = 0; j < i; j++)
            {
                var sign = first[i].CompareTo(first[j]) * second[i].CompareTo(second[j]);
                balance += Math.Sign(sign);
                discordant += sign < 0 ? 1 : 0;
            }

        double n = first.Count, pairs = n * (n - 1) / 2;
        int[] firstTies = Ranks.TieCounts(first), secondTies = Ranks.TieCounts(second);
        double Tied(int[] ties) => ties.Sum(t => t * (t - 1.0) / 2);
        double x = pairs - Tied(firstTies), y = pairs - Tied(secondTies), least = Math.Min(firstTies.Length, secondTies.Length);
        return new KendallTau(
            x * y == 0 ? double.NaN : balance / Math.Sqrt(x) / Math.Sqrt(y),
            least < 2 ? double.NaN : 2 * balance / (n * n * (least - 1) / least),
            x == 0 ? double.NaN : balance / x,
            Normal.TwoSidedP(balance / Math.Sqrt(Variance(n, firstTies, secondTies))),
            firstTies.Length == first.Count && secondTies.Length == first.Count && first.Count <= 500 ? Exact(first.Count, discordant) : null,
            first.Count);
    }

    // Kendall 1970, section 4.7: the variance of C − D when all orders are as likely.
    private static double Variance(double n, int[] first, int[] second)
    {
        double Sum(int[] ties, Func<double, double> of) => ties.Sum(t => of(t));
        double Two(double t) => t * (t - 1);
        var linear = (n * (n - 1) * ((2 * n) + 5)) - Sum(first, t => Two(t) * ((2 * t) + 5)) - Sum(second, t => Two(t) * ((2 * t) + 5));
        var variance = (linear / 18) + (Sum(first, Two) * Sum(second, Two) / (2 * n * (n - 1)));
        return n < 3 ? variance : variance + (Sum(first, t => Two(t) * (t - 2)) * Sum(second, t => Two(t) * (t - 2)) / (9 * n * (n - 1) * (n - 2)));
    }

    // Discordant pairs of a random order are the inversions of a permutation: item k adds 0 … k − 1 of them, each as likely.
    private static double Exact(int n, long discordant)
    {
        var pairs = (long)n * (n - 1) / 2;
        var fewer = Math.Min(discordant, pairs - discordant);
        if (2 * fewer == pairs)
            return 1;
        var shares = new double[fewer + 1];
        shares[0] = 1;
        for (var k = 2; k <= n; k++)
        {
            var next = new double[shares.Length];
            var window = 0.0;
            for (var d = 0; d < next.Length; d++)
            {
                window += shares[d] - (d >= k ? shares[d - k] : 0);
                next[d] = window / k;
            }

            shares = next;
        }

        return Math.Min(1, 2 * shares.Sum());
    }
}
