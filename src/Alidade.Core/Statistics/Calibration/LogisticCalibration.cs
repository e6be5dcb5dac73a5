namespace Alidade.Core.Statistics.Calibration;

/// <summary>Logistic regression on one score: P(right) = 1/(1 + exp(−(slope·f + intercept))), by maximum likelihood.</summary>
/// <param name="Slope">Slope.</param>
/// <param name="Intercept">Intercept.</param>
/// <param name="Count">Items of the fit.</param>
/// <remarks>Cox 1958; slope 1 and intercept 0 on the log-odds of a calibrated probability.</remarks>
public sealed record LogisticCalibration(double Slope, double Intercept, int Count)
{
    /// <summary>The fit.</summary>
    /// <param name="scores">Score of each item.</param>
    /// <param name="correct">Whether it is right.</param>
    /// <exception cref="AlidadeException">The scores part right from wrong, so that no finite slope is the likeliest.</exception>
    public static LogisticCalibration Fit(IReadOnlyList<double> scores, IReadOnlyList<bool> correct)
    {
        var fit = LogisticFit.Of(LogisticFit.Line(scores), [.. correct.Select(c => c ? 1.0 : 0.0)]);
        return new LogisticCalibration(fit.Coefficients[0], fit.Coefficients[1], scores.Count);
    }
}
