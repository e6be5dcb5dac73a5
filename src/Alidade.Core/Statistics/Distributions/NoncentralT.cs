namespace Alidade.Core.Statistics.Distributions;

/// <summary>
/// The distribution of (Z + δ)/S with S² = χ²_ν/ν, which a t statistic follows when the difference is real: P(T ≤ t) = ∫ Φ(t·s − δ)·f(s) ds over the density f of S.
/// </summary>
/// <remarks>The integral over u = ln s by the trapezoid rule, which converges geometrically for a smooth integrand that dies at both ends (Trefethen and Weideman
/// 2014). Unlike the series of Lenth 1989 (AS 243) it does not fail for a large δ.</remarks>
/// <param name="Degrees">Degrees of freedom ν &gt; 0.</param>
/// <param name="Noncentrality">δ.</param>
public readonly record struct NoncentralT(double Degrees, double Noncentrality)
{
    /// <summary>P(T ≤ t).</summary>
    public double Cdf(double t) => Tail(t, Noncentrality, below: 1);

    /// <summary>P(T &gt; t).</summary>
    public double UpperTail(double t) => Tail(t, Noncentrality, below: -1);

    private double Tail(double t, double shift, int below)
    {
        var degrees = Degrees;
        // The density of u is proportional to exp(ν(u − (e^2u − 1)/2)), with its peak at 0 and a width of about 1/√(2ν).
        double Density(double u) => Math.Exp(degrees * (u - (ExpMinus1(2 * u) / 2)));
        var step = Math.Min(1 / (8 * Math.Sqrt(2 * degrees)), 0.5 / Math.Max(1, Math.Abs(t)));
        double sum = 0, mass = 0;
        void Add(double u, double density)
        {
            mass += density;
            sum += density * Normal.Standard.Cdf(below * ((t * Math.Exp(u)) - shift));
        }

        Add(0, 1);
        foreach (var side in (ReadOnlySpan<int>)[-1, 1])
            for (var i = 1; Density(side * i * step) is var density && density > 1e-18; i++)
                Add(side * i * step, density);
        // The same rule for the total mass takes the place of the normalising constant.
        return sum / mass;
    }

    // The digits of e^x − 1 for small x, which the runtime's ExpM1 loses.
    private static double ExpMinus1(double x) => Math.Abs(x) > 0.5 ? Math.Exp(x) - 1 : 2 * Math.Sinh(x / 2) * Math.Exp(x / 2);
}
