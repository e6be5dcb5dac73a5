using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>Sizes of a difference between two samples, free of units.</summary>
public static class EffectSize
{
    /// <summary>Cohen's d: the difference of means over the pooled standard deviation.</summary>
    /// <remarks>Cohen 1988, section 2.2.</remarks>
    public static double CohenD(IReadOnlyList<double> first, IReadOnlyList<double> second) =>
        (Mean.Value(first) - Mean.Value(second)) / TTest.PooledDeviation(first, second);

    /// <summary>Cohen's d_z of pairs: the mean difference over the standard deviation of the differences.</summary>
    public static double CohenDz(IReadOnlyList<double> differences) => Mean.Value(differences) / Mean.SampleDeviation(differences);

    /// <summary>Hedges' g: d times Γ(ν/2)/(√(ν/2)·Γ((ν − 1)/2)), ν = n + m − 2, which takes away the bias of d.</summary>
    /// <remarks>Hedges 1981, equation 6d.</remarks>
    public static double HedgesG(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        double degrees = first.Count + second.Count - 2;
        return CohenD(first, second) * Math.Exp(SaddlePoint.LogGamma(degrees / 2) - SaddlePoint.LogGamma((degrees - 1) / 2)) / Math.Sqrt(degrees / 2);
    }

    /// <summary>Hedges' g with the usual approximation 1 − 3/(4ν − 1) of the factor.</summary>
    public static double HedgesGApproximate(IReadOnlyList<double> first, IReadOnlyList<double> second) =>
        CohenD(first, second) * (1 - (3.0 / ((4 * (first.Count + second.Count - 2)) - 1)));

    /// <summary>Glass's Δ: the difference of means over the standard deviation of the second sample, the control.</summary>
    public static double GlassDelta(IReadOnlyList<double> first, IReadOnlyList<double> control) =>
        (Mean.Value(first) - Mean.Value(control)) / Mean.SampleDeviation(control);

    /// <summary>P(first &gt; second) + ½·P(equal), over all pairs.</summary>
    public static double Superiority(IReadOnlyList<double> first, IReadOnlyList<double> second) =>
        MannWhitneyTest.Of(first, second).U / first.Count / second.Count;

    /// <summary>Cliff's δ: P(first &gt; second) − P(first &lt; second), over all pairs.</summary>
    public static double CliffsDelta(IReadOnlyList<double> first, IReadOnlyList<double> second) => (2 * Superiority(first, second)) - 1;

    /// <summary>Cohen's h of two shares: 2·arcsin √p₁ − 2·arcsin √p₂.</summary>
    public static double CohenH(double first, double second) => (2 * Math.Asin(Math.Sqrt(first))) - (2 * Math.Asin(Math.Sqrt(second)));
}
