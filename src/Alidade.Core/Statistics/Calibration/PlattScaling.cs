namespace Alidade.Core.Statistics.Calibration;

/// <summary>
/// Platt scaling: P(right) = 1/(1 + exp(A·f + B)), fitted to scores f by maximum likelihood with targets drawn in to (N₊ + 1)/(N₊ + 2) and 1/(N₋ + 2), so that a score
/// which parts right from wrong still gives a finite fit.
/// </summary>
/// <param name="A">Negative when higher scores speak for right.</param>
/// <param name="B">Offset.</param>
/// <param name="Count">Items of the fit.</param>
/// <remarks>Platt 1999; Lin, Lin and Weng 2007. scikit-learn's fit stops at about 1e-8 of this optimum.</remarks>
public sealed record PlattScaling(double A, double B, int Count)
{
    /// <summary>The fit.</summary>
    /// <param name="scores">Score of each item.</param>
    /// <param name="correct">Whether it is right.</param>
    /// <exception cref="ArgumentException">There are no items, or all scores are equal.</exception>
    public static PlattScaling Fit(IReadOnlyList<double> scores, IReadOnlyList<bool> correct)
    {
        double positives = correct.Count(c => c), negatives = correct.Count - positives;
        var fit = LogisticFit.Of(
            LogisticFit.Line(scores),
            [.. correct.Select(c => c ? (positives + 1) / (positives + 2) : 1 / (negatives + 2))]);
        return new PlattScaling(-fit.Coefficients[0], -fit.Coefficients[1], scores.Count);
    }

    /// <summary>P(right) of a score.</summary>
    public double Apply(double score) => 1 / (1 + Math.Exp((A * score) + B));
}
