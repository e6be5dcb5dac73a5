namespace Alidade.Core.Statistics.Distributions;

/// <summary>The beta distribution on [0, 1]: P(X ≤ x) = I_x(a, b).</summary>
/// <param name="A">a &gt; 0.</param>
/// <param name="B">b &gt; 0.</param>
public readonly record struct Beta(double A, double B) : IDistribution
{
    /// <inheritdoc/>
    public double Cdf(double x) => IncompleteBeta.Of(A, B, x, 1 - x).Lower;

    /// <inheritdoc/>
    public double UpperTail(double x) => IncompleteBeta.Of(A, B, x, 1 - x).Upper;

    /// <inheritdoc/>
    public double Density(double x) => SaddlePoint.BetaKernel(A, B, x, 1 - x) / (x * (1 - x));

    /// <inheritdoc/>
    public double Quantile(double p)
    {
        Share.CheckProbability(p);
        return 1 / (1 + Math.Exp(-IncompleteBeta.LogOdds(A, B, p, 1 - p)));
    }
}
