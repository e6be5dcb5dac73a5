using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>What happens to pairs without a difference.</summary>
public enum ZeroDifferences
{
    /// <summary>They are left out (Wilcoxon 1945).</summary>
    Drop,

    /// <summary>They are ranked with the rest, and then their ranks are left out (Pratt 1959).</summary>
    RankAndDrop,

    /// <summary>They are ranked with the rest, and half of their ranks go to either side.</summary>
    Split,
}

/// <summary>
/// Wilcoxon's signed-rank test of paired differences: the ranks of |d|, added up over positive and negative differences; without a shift both sums are alike.
/// </summary>
/// <param name="PositiveRanks">W⁺.</param>
/// <param name="NegativeRanks">W⁻.</param>
/// <param name="Z">The normal score of W⁺ without continuity correction; NaN when every difference is 0.</param>
/// <param name="Error">Standard deviation of W⁺ without a shift, corrected for ties.</param>
/// <param name="Count">Differences that were ranked.</param>
public sealed record WilcoxonTest(double PositiveRanks, double NegativeRanks, double Z, double Error, int Count)
{
    private bool HasExact { get; init; }

    /// <summary>min(W⁺, W⁻), the statistic of the two-sided test.</summary>
    public double Statistic => Math.Min(PositiveRanks, NegativeRanks);

    /// <summary>Two-sided p by the normal approximation.</summary>
    public double P => Normal.TwoSidedP(Z);

    /// <summary>|z| lessened by ½/error, and never below 0.</summary>
    public double CorrectedZ => Math.Max(0, Math.Abs(Z) - (0.5 / Error));

    /// <summary>Two-sided p by the normal approximation with continuity correction.</summary>
    public double CorrectedP => Normal.TwoSidedP(CorrectedZ);

    /// <summary>Exact two-sided p: 2·min(P(W ≤ W⁺), P(W ≥ W⁺)), at most 1; null when differences are tied or 0, or there are more than 1,000.</summary>
    public double? ExactP => ExactLessP is { } less ? Math.Min(1, 2 * Math.Min(less, ExactGreaterP!.Value)) : null;

    /// <summary>Exact P(W ≤ W⁺): small when differences are below 0. Null as <see cref="ExactP"/>.</summary>
    public double? ExactLessP => HasExact ? BelowOrAt(PositiveRanks) : null;

    /// <summary>Exact P(W ≥ W⁺): small when differences are above 0. Null as <see cref="ExactP"/>.</summary>
    public double? ExactGreaterP => HasExact ? BelowOrAt(NegativeRanks) : null;

    /// <summary>The test.</summary>
    /// <param name="differences">First minus second, one a pair.</param>
    /// <param name="zeros">What happens to differences of 0.</param>
    /// <exception cref="ArgumentException">There are no differences.</exception>
    public static WilcoxonTest Of(IReadOnlyList<double> differences, ZeroDifferences zeros = ZeroDifferences.Drop)
    {
        if (differences.Count == 0)
            throw new ArgumentException("a signed-rank test needs pairs", nameof(differences));
        double[] ranked = [.. differences.Where(d => zeros != ZeroDifferences.Drop || d != 0)];
        double[] sizes = [.. ranked.Select(Math.Abs)];
        var ranks = Ranks.Mid(sizes);
        double n = ranked.Length, nought = ranked.Count(d => d == 0);
        double Sum(Func<double, bool> side) => ranked.Zip(ranks).Where(p => side(p.First)).Sum(p => p.Second);
        var split = zeros == ZeroDifferences.Split ? Sum(d => d == 0) / 2 : 0;
        double positive = Sum(d => d > 0) + split, negative = Sum(d => d < 0) + split;
        var mean = n * (n + 1) / 4;
        var variance = n * (n + 1) * ((2 * n) + 1);
        double[] tied = sizes;
        if (zeros == ZeroDifferences.RankAndDrop)
        {
            // Cureton 1967: the moments without the ranks of the zeros.
            mean -= nought * (nought + 1) / 4;
            variance -= nought * (nought + 1) * ((2 * nought) + 1);
            tied = [.. sizes.Where(s => s != 0)];
        }

        variance -= Ranks.TieCounts(tied).Sum(t => ((double)t * t * t) - t) / 2;
        var error = Math.Sqrt(variance / 24);
        return new WilcoxonTest(positive, negative, (positive - mean) / error, error, ranked.Length)
        {
            HasExact = ranked.Length is > 0 and <= 1_000 && nought == 0 && sizes.Distinct().Count() == sizes.Length,
        };
    }

    // Each rank is in the sum or not, each way as likely: the shares of subsets of 1 … n by their sum.
    private double BelowOrAt(double sum)
    {
        var shares = new double[(Count * (Count + 1) / 2) + 1];
        shares[0] = 1;
        for (int rank = 1, top = 0; rank <= Count; rank++)
        {
            top += rank;
            for (var s = top; s >= 0; s--)
                shares[s] = (shares[s] + (s >= rank ? shares[s - rank] : 0)) / 2;
        }

        return Math.Min(1, shares.Take((int)sum + 1).Sum());
    }
}
