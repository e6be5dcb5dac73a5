using Alidade.Core.Results;
using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics.Correlation;

/// <summary>A correlation between −1 and 1, with its test against 0.</summary>
/// <param name="Value">The coefficient; NaN when one of the two does not vary.</param>
/// <param name="P">Two-sided p, by t = r·√(ν/(1 − r²)) with ν degrees of freedom; NaN without any.</param>
/// <param name="Degrees">ν.</param>
/// <param name="Count">Pairs.</param>
public sealed record CorrelationEstimate(double Value, double P, double Degrees, int Count)
{
    /// <summary>tanh(artanh r ± z/√(ν − 1)); null when that is not finite, as for fewer than four pairs.</summary>
    /// <remarks>Fisher 1921.</remarks>
    public Interval? Interval(double level = 0.95)
    {
        var reach = Normal.TwoSided(level) / Math.Sqrt(Degrees - 1);
        return Degrees <= 1 || double.IsNaN(Value) ? null
            : new Interval(Math.Tanh(Math.Atanh(Value) - reach), Math.Tanh(Math.Atanh(Value) + reach), level, "Fisher transform");
    }

    internal static CorrelationEstimate Of(double value, double degrees, int count)
    {
        var p = degrees < 1 ? double.NaN : new StudentT(degrees).TwoSidedP(value * Math.Sqrt(degrees / (1 - (value * value))));
        return new CorrelationEstimate(value, p, degrees, count);
    }
}

/// <summary>Pearson's correlation: how far two quantities lie on a straight line.</summary>
/// <remarks>Pearson 1895.</remarks>
public static class PearsonCorrelation
{
    /// <summary>The correlation with its test.</summary>
    /// <exception cref="ArgumentException">The lists differ in length or hold fewer than two values.</exception>
    public static CorrelationEstimate Of(IReadOnlyList<double> first, IReadOnlyList<double> second) =>
        CorrelationEstimate.Of(Coefficient(first, second), first.Count - 2, first.Count);

    internal static double Coefficient(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        Check(first, second);
        double firstMean = Mean.Value(first), secondMean = Mean.Value(second);
        CompensatedSum both = default, firstSquares = default, secondSquares = default;
        for (var i = 0; i < first.Count; i++)
        {
            double a = first[i] - firstMean, b = second[i] - secondMean;
            both.Add(a * b);
            firstSquares.Add(a * a);
            secondSquares.Add(b * b);
        }

        return firstSquares.Total == 0 || secondSquares.Total == 0 ? double.NaN
            : Math.Clamp(both.Total / Math.Sqrt(firstSquares.Total) / Math.Sqrt(secondSquares.Total), -1, 1);
    }

    internal static void Check(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (first.Count < 2 || first.Count != second.Count)
            throw new ArgumentException($"{first.Count} and {second.Count} values: a correlation needs as many of both, two at least", nameof(second));
    }
}
