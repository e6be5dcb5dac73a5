using Alidade.Core.Results;
using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>A t test of a mean or of a difference of means.</summary>
/// <param name="T">The statistic.</param>
/// <param name="Degrees">Degrees of freedom.</param>
/// <param name="Interval">Interval of the mean or the difference.</param>
/// <param name="Count">Values of both sides together; pairs of a paired test.</param>
/// <remarks>A sample without spread has no t: it is infinite, or NaN where the difference is 0 as well.</remarks>
public sealed record TTest(double T, double Degrees, Interval Interval, int Count)
{
    /// <summary>Two-sided p.</summary>
    public double P => new StudentT(Degrees).TwoSidedP(T);

    /// <summary>P(T ≤ t): small when the mean is below, or the first sample below the second.</summary>
    public double LessP => new StudentT(Degrees).Cdf(T);

    /// <summary>P(T ≥ t): small when the mean is above, or the first sample above the second.</summary>
    public double GreaterP => new StudentT(Degrees).UpperTail(T);

    /// <summary>Student's paired test: t = d̄ / (s_d/√n) with n − 1 degrees of freedom, d the differences of the pairs.</summary>
    /// <param name="differences">After minus before, one a pair; at least two.</param>
    /// <param name="level">Level of the interval.</param>
    /// <remarks>Student 1908.</remarks>
    public static TTest Paired(IReadOnlyList<double> differences, double level = 0.95) => OneSample(differences, 0, level);

    /// <summary>Student's test of a mean: t = (x̄ − μ₀) / (s/√n) with n − 1 degrees of freedom.</summary>
    /// <param name="values">At least two.</param>
    /// <param name="mean">μ₀, the mean under the hypothesis.</param>
    /// <param name="level">Level of the interval of x̄.</param>
    public static TTest OneSample(IReadOnlyList<double> values, double mean, double level = 0.95)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Count, 2);
        var estimate = Mean.Of(values);
        return Make(estimate.Value, mean, estimate.StandardError, values.Count - 1, level, "t", values.Count);
    }

    /// <summary>Student's test of two independent samples of equal variance: the pooled variance, n + m − 2 degrees of freedom.</summary>
    /// <param name="first">At least two.</param>
    /// <param name="second">At least two.</param>
    /// <param name="level">Level of the interval of first minus second.</param>
    public static TTest Unpaired(IReadOnlyList<double> first, IReadOnlyList<double> second, double level = 0.95)
    {
        var error = PooledDeviation(first, second) * Math.Sqrt((1.0 / first.Count) + (1.0 / second.Count));
        return Make(Mean.Value(first) - Mean.Value(second), 0, error, first.Count + second.Count - 2, level, "t, pooled variance", first.Count + second.Count);
    }

    /// <summary>Welch's test of two independent samples: each keeps its variance, degrees of freedom after Satterthwaite.</summary>
    /// <param name="first">At least two.</param>
    /// <param name="second">At least two.</param>
    /// <param name="level">Level of the interval of first minus second.</param>
    /// <remarks>Welch 1947. The choice where nothing says that the variances are equal.</remarks>
    public static TTest Welch(IReadOnlyList<double> first, IReadOnlyList<double> second, double level = 0.95)
    {
        var (error, degrees) = WelchError(first, second);
        return Make(Mean.Value(first) - Mean.Value(second), 0, error, degrees, level, "t, Welch", first.Count + second.Count);
    }

    internal static (double Error, double Degrees) WelchError(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(first.Count, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(second.Count, 2);
        double a = Mean.SampleVariance(first) / first.Count, b = Mean.SampleVariance(second) / second.Count;
        return (Math.Sqrt(a + b), (a + b) * (a + b) / ((a * a / (first.Count - 1)) + (b * b / (second.Count - 1))));
    }

    internal static double PooledDeviation(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(first.Count, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(second.Count, 2);
        double n = first.Count - 1, m = second.Count - 1;
        return Math.Sqrt(((n * Mean.SampleVariance(first)) + (m * Mean.SampleVariance(second))) / (n + m));
    }

    private static TTest Make(double estimate, double hypothesis, double error, double degrees, double level, string method, int count)
    {
        var reach = new StudentT(degrees).TwoSided(level) * error;
        return new TTest((estimate - hypothesis) / error, degrees, new Interval(estimate - reach, estimate + reach, level, method), count);
    }
}
