using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>One of the two one-sided tests.</summary>
/// <param name="T">The statistic.</param>
/// <param name="P">One-sided p.</param>
public sealed record OneSidedTest(double T, double P);

/// <summary>
/// Two one-sided t tests: is a difference of means shown to lie within (low, high)? Not seeing a difference does not show that there is none; a small p here does.
/// </summary>
/// <param name="Lower">Test of a difference above the lower bound.</param>
/// <param name="Upper">Test of a difference below the upper bound.</param>
/// <param name="Degrees">Degrees of freedom of both.</param>
/// <param name="Count">Values of both sides together; pairs of a paired test.</param>
/// <remarks>Schuirmann 1987.</remarks>
public sealed record Equivalence(OneSidedTest Lower, OneSidedTest Upper, double Degrees, int Count)
{
    /// <summary>The larger of the two p.</summary>
    public double P => Math.Max(Lower.P, Upper.P);

    /// <summary>For differences of pairs.</summary>
    /// <param name="differences">First minus second, one a pair; at least two.</param>
    /// <param name="low">Lower bound.</param>
    /// <param name="high">Upper bound.</param>
    public static Equivalence Paired(IReadOnlyList<double> differences, double low, double high)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(differences.Count, 2);
        var mean = Mean.Of(differences);
        return Of(mean.Value, mean.StandardError, differences.Count - 1, low, high, differences.Count);
    }

    /// <summary>For two independent samples of equal variance.</summary>
    /// <param name="first">At least two.</param>
    /// <param name="second">At least two.</param>
    /// <param name="low">Lower bound of first minus second.</param>
    /// <param name="high">Upper bound.</param>
    public static Equivalence Unpaired(IReadOnlyList<double> first, IReadOnlyList<double> second, double low, double high)
    {
        var error = TTest.PooledDeviation(first, second) * Math.Sqrt((1.0 / first.Count) + (1.0 / second.Count));
        return Of(Mean.Value(first) - Mean.Value(second), error, first.Count + second.Count - 2, low, high, first.Count + second.Count);
    }

    /// <summary>For two independent samples that keep their variances.</summary>
    /// <param name="first">At least two.</param>
    /// <param name="second">At least two.</param>
    /// <param name="low">Lower bound of first minus second.</param>
    /// <param name="high">Upper bound.</param>
    public static Equivalence Welch(IReadOnlyList<double> first, IReadOnlyList<double> second, double low, double high)
    {
        var (error, degrees) = TTest.WelchError(first, second);
        return Of(Mean.Value(first) - Mean.Value(second), error, degrees, low, high, first.Count + second.Count);
    }

    private static Equivalence Of(double difference, double error, double degrees, double low, double high, int count)
    {
        if (!(low < high))
            throw new ArgumentException($"the lower bound {low} is not below the upper bound {high}", nameof(low));
        var student = new StudentT(degrees);
        double above = (difference - low) / error, below = (difference - high) / error;
        return new Equivalence(new(above, student.UpperTail(above)), new(below, student.Cdf(below)), degrees, count);
    }
}
