namespace Alidade.Core.Statistics.Distributions;

/// <summary>Student's distribution: P(T &gt; t) = ½·I(ν/(ν + t²); ν/2, ½) for t ≥ 0.</summary>
/// <param name="Degrees">Degrees of freedom ν &gt; 0; whole or not.</param>
public readonly record struct StudentT(double Degrees) : IDistribution
{
    /// <summary>The t of a two-sided interval: P(|T| ≤ t) = level.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The level is not between 0 and 1.</exception>
    public double TwoSided(double level)
    {
        Share.CheckLevel(level);
        return -Quantile((1 - level) / 2);
    }

    /// <summary>P(|T| ≥ |t|).</summary>
    public double TwoSidedP(double t) => 2 * UpperTail(Math.Abs(t));

    /// <inheritdoc/>
    public double Cdf(double x) => UpperTail(-x);

    /// <inheritdoc/>
    public double UpperTail(double x)
    {
        if (double.IsInfinity(x))
            return x > 0 ? 0 : 1;
        var square = x * x;
        var half = 0.5 * IncompleteBeta.Of(Degrees / 2, 0.5, Degrees / (Degrees + square), square / (Degrees + square)).Lower;
        return x < 0 ? 1 - half : half;
    }

    /// <inheritdoc/>
    public double Density(double x) =>
        Math.Exp(-SaddlePoint.LogBeta(Degrees / 2, 0.5) - ((Degrees + 1) / 2 * SaddlePoint.Log1P(x * x / Degrees))) / Math.Sqrt(Degrees);

    /// <inheritdoc/>
    public double Quantile(double p)
    {
        Share.CheckProbability(p);
        return p switch
        {
            0.5 => 0,
            > 0.5 => -Quantile(1 - p),
            // 2p = I(w) with w = ν/(ν + t²), whose log-odds are ln(ν/t²).
            _ => -Math.Sqrt(Degrees) * Math.Exp(-0.5 * IncompleteBeta.LogOdds(Degrees / 2, 0.5, 2 * p, 1 - (2 * p))),
        };
    }
}
