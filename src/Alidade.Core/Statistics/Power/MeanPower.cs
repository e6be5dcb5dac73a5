using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics.Power;

/// <summary>
/// Power of two-sided t tests and the items they need: 1 − β = P(|T| &gt; t_{1−α/2}), T non-central with δ = d·√n (pairs) or d·√(n/2) (two groups of n).
/// </summary>
/// <remarks>Cohen 1988, chapter 2. The effect d is in standard deviations: of the differences of pairs (d_z), or within a group. Two systems on the same items are
/// pairs; mostly their d_z is far larger than the d of two groups, which is why pairs need fewer items.</remarks>
public static class MeanPower
{
    /// <summary>Power of the paired (or one-sample) t test.</summary>
    /// <param name="effect">d_z.</param>
    /// <param name="pairs">n, above 1.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public static double Paired(double effect, double pairs, double alpha = 0.05) => OfT(pairs - 1, effect * Math.Sqrt(pairs), alpha);

    /// <summary>Power of the t test of two groups.</summary>
    /// <param name="effect">d.</param>
    /// <param name="perGroup">Items of each group, above 1.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public static double Unpaired(double effect, double perGroup, double alpha = 0.05) => OfT((2 * perGroup) - 2, effect * Math.Sqrt(perGroup / 2), alpha);

    /// <summary>Power of the z test of two groups, for a known standard deviation.</summary>
    /// <param name="effect">d.</param>
    /// <param name="perGroup">Items of each group.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public static double UnpairedNormal(double effect, double perGroup, double alpha = 0.05)
    {
        SampleSize.Check(alpha);
        double critical = Normal.TwoSided(1 - alpha), shift = Math.Abs(effect) * Math.Sqrt(perGroup / 2);
        return Normal.Standard.Cdf(shift - critical) + Normal.Standard.Cdf(-critical - shift);
    }

    /// <summary>Pairs that the paired t test needs.</summary>
    /// <param name="effect">d_z.</param>
    /// <param name="power">1 − β.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public static SampleSize PairsFor(double effect, double power = 0.8, double alpha = 0.05) =>
        Solve(n => Paired(effect, n, alpha), effect, 2, power, alpha, "pairs, paired t test");

    /// <summary>Items of each group that the t test of two groups needs.</summary>
    /// <param name="effect">d.</param>
    /// <param name="power">1 − β.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public static SampleSize PerGroupFor(double effect, double power = 0.8, double alpha = 0.05) =>
        Solve(n => Unpaired(effect, n, alpha), effect, 2, power, alpha, "items of each group, t test");

    /// <summary>Items of each group that the z test of two groups needs.</summary>
    /// <param name="effect">d.</param>
    /// <param name="power">1 − β.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public static SampleSize PerGroupForNormal(double effect, double power = 0.8, double alpha = 0.05) =>
        Solve(n => UnpairedNormal(effect, n, alpha), effect, 1e-6, power, alpha, "items of each group, z test");

    private static SampleSize Solve(Func<double, double> powerOf, double effect, double least, double power, double alpha, string method)
    {
        SampleSize.Check(alpha, power);
        SampleSize.CheckDifference(effect);
        return SampleSize.Solve(powerOf, least, power, alpha, method);
    }

    private static double OfT(double degrees, double shift, double alpha)
    {
        SampleSize.Check(alpha);
        var critical = new StudentT(degrees).TwoSided(1 - alpha);
        var t = new NoncentralT(degrees, shift);
        return t.UpperTail(critical) + t.Cdf(-critical);
    }
}
