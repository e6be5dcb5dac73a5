using Alidade.Core.Results;

namespace Alidade.Core.Statistics;

/// <summary>The binomial test; with probability ½ it is the sign test of paired differences.</summary>
public static class BinomialTest
{
    /// <summary>
    /// Two-sided p: the sum of the probabilities of all outcomes that are not likelier than k (up to a relative 1e-7, so that rounding does not part equals).
    /// </summary>
    /// <param name="successes">k.</param>
    /// <param name="count">n.</param>
    /// <param name="probability">Probability under the hypothesis.</param>
    public static double TwoSidedP(int successes, int count, double probability = 0.5)
    {
        var limit = Distributions.BinomialMass(successes, count, probability) * (1 + 1e-7);
        var sum = new CompensatedSum();
        for (var k = 0; k <= count; k++)
            if (Distributions.BinomialMass(k, count, probability) is var mass && mass <= limit)
                sum.Add(mass);
        return Math.Min(1, sum.Total);
    }
}

/// <summary>A t test.</summary>
/// <param name="T">The statistic.</param>
/// <param name="Degrees">Degrees of freedom.</param>
/// <param name="P">Two-sided p.</param>
/// <param name="Interval">Interval of the mean difference at 0.95.</param>
public sealed record TTest(double T, double Degrees, double P, Interval Interval)
{
    /// <summary>Student's paired test: t = d̄ / (s_d/√n) with n − 1 degrees of freedom, d the differences of the pairs.</summary>
    /// <param name="differences">After minus before, one a pair; at least two.</param>
    /// <remarks>Student 1908.</remarks>
    public static TTest Paired(IReadOnlyList<double> differences)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(differences.Count, 2);
        var mean = Mean.Of(differences);
        var t = mean.Value / mean.StandardError;
        return new TTest(t, mean.Count - 1, 2 * Distributions.StudentUpperTail(Math.Abs(t), mean.Count - 1), mean.Interval()!);
    }
}
