namespace Alidade.Core.Statistics.Distributions;

/// <summary>The F distribution: P(X ≤ x) = I(d₁x/(d₁x + d₂); d₁/2, d₂/2).</summary>
/// <param name="Numerator">Degrees of freedom d₁ &gt; 0 of the numerator.</param>
/// <param name="Denominator">Degrees of freedom d₂ &gt; 0 of the denominator.</param>
public readonly record struct FisherF(double Numerator, double Denominator) : IDistribution
{
    /// <inheritdoc/>
    public double Cdf(double x) => Tails(x).Lower;

    /// <inheritdoc/>
    public double UpperTail(double x) => Tails(x).Upper;

    /// <inheritdoc/>
    public double Density(double x)
    {
        var scaled = Numerator * x;
        return SaddlePoint.BetaKernel(Numerator / 2, Denominator / 2, scaled / (scaled + Denominator), Denominator / (scaled + Denominator)) / x;
    }

    /// <inheritdoc/>
    public double Quantile(double p)
    {
        Share.CheckProbability(p);
        return Denominator / Numerator * Math.Exp(IncompleteBeta.LogOdds(Numerator / 2, Denominator / 2, p, 1 - p));
    }

    private (double Lower, double Upper) Tails(double x)
    {
        if (double.IsPositiveInfinity(x))
            return (1, 0);
        var scaled = Numerator * x;
        return IncompleteBeta.Of(Numerator / 2, Denominator / 2, scaled / (scaled + Denominator), Denominator / (scaled + Denominator));
    }
}
