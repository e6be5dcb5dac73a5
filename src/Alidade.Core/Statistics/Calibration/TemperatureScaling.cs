namespace Alidade.Core.Statistics.Calibration;

/// <summary>Temperature scaling: log-odds divided by the τ that makes the outcomes likeliest. It moves no item past another.</summary>
/// <param name="Temperature">τ; above 1 the model was too sure.</param>
/// <param name="Count">Items of the fit.</param>
/// <remarks>Guo et al. 2017 (arXiv 1706.04599), section 4.2, for two classes.</remarks>
public sealed record TemperatureScaling(double Temperature, int Count)
{
    /// <summary>The fit.</summary>
    /// <param name="logOdds">ln(p/(1 − p)) of each item being right.</param>
    /// <param name="correct">Whether it is.</param>
    /// <exception cref="AlidadeException">Log-odds part right from wrong, or do not speak for right at all: no finite positive τ is the likeliest.</exception>
    public static TemperatureScaling Fit(IReadOnlyList<double> logOdds, IReadOnlyList<bool> correct)
    {
        var fit = LogisticFit.Of([.. logOdds.Select(f => new[] { (0, f) })], [.. correct.Select(c => c ? 1.0 : 0.0)]);
        return fit.Coefficients[0] > 0 ? new TemperatureScaling(1 / fit.Coefficients[0], logOdds.Count)
            : throw new AlidadeException($"no temperature: the log-odds of {logOdds.Count} items do not rise with being right");
    }
}
