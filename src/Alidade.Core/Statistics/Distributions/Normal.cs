using MathNet.Numerics;

namespace Alidade.Core.Statistics.Distributions;

/// <summary>The standard normal distribution.</summary>
public readonly record struct Normal : IDistribution
{
    /// <summary>Mean 0, standard deviation 1.</summary>
    public static Normal Standard => default;

    /// <summary>The z of a two-sided interval: P(|Z| ≤ z) = level.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The level is not between 0 and 1.</exception>
    public static double TwoSided(double level)
    {
        Share.CheckLevel(level);
        return -Standard.Quantile((1 - level) / 2);
    }

    /// <summary>P(|Z| ≥ |z|).</summary>
    public static double TwoSidedP(double z) => SpecialFunctions.Erfc(Math.Abs(z) / Math.Sqrt(2));

    /// <inheritdoc/>
    public double Cdf(double x) => 0.5 * SpecialFunctions.Erfc(-x / Math.Sqrt(2));

    /// <inheritdoc/>
    public double UpperTail(double x) => Cdf(-x);

    /// <inheritdoc/>
    public double Density(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

    /// <inheritdoc/>
    public double Quantile(double p)
    {
        Share.CheckProbability(p);
        if (p > 0.5)
            return -Quantile(1 - p);
        var z = MathNet.Numerics.Distributions.Normal.InvCDF(0, 1, p);
        // One Halley step takes the approximation to the last digits.
        var error = (Cdf(z) - p) * Math.Sqrt(2 * Math.PI) * Math.Exp(z * z / 2);
        return double.IsFinite(error) ? z - (error / (1 + (z * error / 2))) : z;
    }
}
