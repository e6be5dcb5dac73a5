namespace Alidade.Core.Statistics.Distributions;

/// <summary>The chi-squared distribution: P(X ≤ x) = P(k/2, x/2), the regularised incomplete gamma function.</summary>
/// <param name="Degrees">Degrees of freedom k &gt; 0.</param>
public readonly record struct ChiSquared(double Degrees) : IDistribution
{
    /// <inheritdoc/>
    public double Cdf(double x) => IncompleteGamma.Of(Degrees / 2, x / 2).Lower;

    /// <inheritdoc/>
    public double UpperTail(double x) => IncompleteGamma.Of(Degrees / 2, x / 2).Upper;

    /// <inheritdoc/>
    public double Density(double x) => SaddlePoint.GammaKernel(Degrees / 2, x / 2) / x;

    /// <inheritdoc/>
    public double Quantile(double p)
    {
        Share.CheckProbability(p);
        return 2 * Math.Exp(IncompleteGamma.LogQuantile(Degrees / 2, p, 1 - p));
    }
}
