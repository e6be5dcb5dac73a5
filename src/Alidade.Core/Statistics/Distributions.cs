using MathNet.Numerics;
using MathNet.Numerics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>The few distribution functions that intervals and tests need, on MathNet's special functions; upper tails are computed as tails, not as 1 − p.</summary>
public static class Distributions
{
    /// <summary>P(Z ≤ z) of the standard normal.</summary>
    public static double NormalCdf(double z) => 0.5 * SpecialFunctions.Erfc(-z / Math.Sqrt(2));

    /// <summary>The z with P(Z ≤ z) = p, for p in (0, 1).</summary>
    public static double NormalQuantile(double p)
    {
        if (p > 0.5)
            return -NormalQuantile(1 - p);
        var z = Normal.InvCDF(0, 1, p);
        // One Halley step takes the approximation to the last digits.
        var error = (NormalCdf(z) - p) * Math.Sqrt(2 * Math.PI) * Math.Exp(z * z / 2);
        return double.IsFinite(error) ? z - (error / (1 + (z * error / 2))) : z;
    }

    /// <summary>The z of a two-sided interval: P(|Z| ≤ z) = level.</summary>
    public static double NormalTwoSided(double level)
    {
        CheckLevel(level);
        return -NormalQuantile((1 - level) / 2);
    }

    /// <summary>P(T ≥ t) of Student's distribution: ½·I(ν/(ν + t²); ν/2, ½) for t ≥ 0.</summary>
    /// <param name="t">Value.</param>
    /// <param name="degrees">Degrees of freedom ν &gt; 0.</param>
    public static double StudentUpperTail(double t, double degrees)
    {
        if (double.IsNaN(t) || double.IsNaN(degrees))
            return double.NaN;
        var half = double.IsInfinity(t) ? 0 : 0.5 * SpecialFunctions.BetaRegularized(degrees / 2, 0.5, degrees / (degrees + (t * t)));
        return t >= 0 ? half : 1 - half;
    }

    /// <summary>The t of a two-sided interval: P(|T| ≤ t) = level.</summary>
    /// <param name="level">Confidence level in (0, 1).</param>
    /// <param name="degrees">Degrees of freedom ν &gt; 0.</param>
    public static double StudentTwoSided(double level, double degrees)
    {
        CheckLevel(level);
        var tail = (1 - level) / 2;
        var t = StudentT.InvCDF(0, 1, degrees, 1 - tail);
        for (var i = 0; i < 4; i++)
            t += (StudentUpperTail(t, degrees) - tail) / StudentT.PDF(0, 1, degrees, t);
        return t;
    }

    /// <summary>P(X ≥ x) of the chi-squared distribution with one degree of freedom: erfc(√(x/2)).</summary>
    public static double ChiSquared1UpperTail(double x) => SpecialFunctions.Erfc(Math.Sqrt(x / 2));

    /// <summary>P(K = k) of n draws with probability p.</summary>
    public static double BinomialMass(int k, int n, double p) =>
        k < 0 || k > n ? 0
        : p <= 0 ? (k == 0 ? 1 : 0)
        : p >= 1 ? (k == n ? 1 : 0)
        : Math.Exp(SpecialFunctions.BinomialLn(n, k) + (k * Math.Log(p)) + ((n - k) * double.LogP1(-p)));

    /// <summary>P(K ≤ k) of n draws with probability p: I(1 − p; n − k, k + 1).</summary>
    public static double BinomialCdf(int k, int n, double p) =>
        k < 0 ? 0
        : k >= n || p <= 0 ? 1
        : p >= 1 ? 0
        : SpecialFunctions.BetaRegularized(n - k, k + 1, 1 - p);

    internal static void CheckLevel(double level)
    {
        if (!(level > 0 && level < 1))
            throw new ArgumentOutOfRangeException(nameof(level), level, "a confidence level lies between 0 and 1, such as 0.95");
    }
}
