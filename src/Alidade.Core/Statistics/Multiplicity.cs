namespace Alidade.Core.Statistics;

/// <summary>
/// p-values adjusted for having tested many hypotheses: reject those at or below α. Holm holds the chance of any false rejection at α whatever the dependence, and
/// is never weaker than Bonferroni; Benjamini–Hochberg holds the expected share of false ones among the rejected, for independent or positively dependent tests.
/// </summary>
/// <remarks>Each method takes p-values in any order and gives the adjusted ones in that order; none is below its p-value or above 1. As statsmodels'
/// <c>multipletests</c>. A p-value outside [0, 1] is an <see cref="ArgumentException"/>.</remarks>
public static class Multiplicity
{
    /// <summary>min(1, m·p). Bonferroni 1936.</summary>
    public static double[] Bonferroni(IReadOnlyList<double> p) => [.. Checked(p).Select(value => Math.Min(1, p.Count * value))];

    /// <summary>1 − (1 − p)^m, for independent tests. Šidák 1967.</summary>
    public static double[] Sidak(IReadOnlyList<double> p) => [.. Checked(p).Select(value => AnyOf(value, p.Count))];

    /// <summary>In ascending order the running maximum of (m − i + 1)·p₍ᵢ₎. Holm 1979.</summary>
    public static double[] Holm(IReadOnlyList<double> p) => StepDown(p, (value, i) => (p.Count - i) * value);

    /// <summary>In ascending order the running maximum of 1 − (1 − p₍ᵢ₎)^(m − i + 1), for independent tests.</summary>
    public static double[] HolmSidak(IReadOnlyList<double> p) => StepDown(p, (value, i) => AnyOf(value, p.Count - i));

    /// <summary>In descending order the running minimum of (m − i + 1)·p₍ᵢ₎, for independent or positively dependent tests. Hochberg 1988.</summary>
    public static double[] Hochberg(IReadOnlyList<double> p) => StepUp(p, i => p.Count - i);

    /// <summary>In descending order the running minimum of m/i·p₍ᵢ₎. Benjamini and Hochberg 1995.</summary>
    public static double[] BenjaminiHochberg(IReadOnlyList<double> p) => StepUp(p, i => (double)p.Count / (i + 1));

    /// <summary>Benjamini–Hochberg times Σ 1/i, whatever the dependence. Benjamini and Yekutieli 2001.</summary>
    public static double[] BenjaminiYekutieli(IReadOnlyList<double> p)
    {
        var harmonic = Enumerable.Range(1, p.Count).Sum(i => 1.0 / i);
        return StepUp(p, i => harmonic * p.Count / (i + 1));
    }

    /// <summary>Closed testing with Simes' test, for independent or positively dependent tests; never weaker than <see cref="Hochberg"/>. Hommel 1988.</summary>
    /// <remarks>The algorithm of Wright 1992.</remarks>
    public static double[] Hommel(IReadOnlyList<double> p)
    {
        var order = Ascending(p);
        double[] sorted = [.. order.Select(i => p[i])], adjusted = [.. sorted];
        for (var m = p.Count; m > 1; m--)
        {
            var first = p.Count - m;
            var least = Enumerable.Range(0, m).Min(i => m * sorted[first + i] / (i + 1));
            for (var i = 0; i < p.Count; i++)
                adjusted[i] = Math.Max(adjusted[i], i >= first ? least : Math.Min(m * sorted[i], least));
        }

        return Restore(order, adjusted);
    }

    // 1 − (1 − p)^m with the digits of a small p.
    private static double AnyOf(double p, int m)
    {
        var log = m * Distributions.SaddlePoint.Log1P(-p);
        return log > -1e-5 ? -log * (1 + (log / 2 * (1 + (log / 3)))) : 1 - Math.Exp(log);
    }

    private static double[] StepDown(IReadOnlyList<double> p, Func<double, int, double> adjust)
    {
        var order = Ascending(p);
        var adjusted = new double[p.Count];
        for (var i = 0; i < adjusted.Length; i++)
            adjusted[i] = Math.Max(i == 0 ? 0 : adjusted[i - 1], Math.Min(1, adjust(p[order[i]], i)));

        return Restore(order, adjusted);
    }

    private static double[] StepUp(IReadOnlyList<double> p, Func<int, double> factor)
    {
        var order = Ascending(p);
        var adjusted = new double[p.Count];
        var least = 1.0;
        for (var i = adjusted.Length - 1; i >= 0; i--)
            adjusted[i] = least = Math.Min(least, factor(i) * p[order[i]]);
        return Restore(order, adjusted);
    }

    private static int[] Ascending(IReadOnlyList<double> p) => [.. Enumerable.Range(0, Checked(p).Count).OrderBy(i => p[i])];

    private static IReadOnlyList<double> Checked(IReadOnlyList<double> p)
    {
        foreach (var value in p)
            if (!(value >= 0 && value <= 1))
                throw new ArgumentException($"{value} is no p-value; a test that could not be made must be left out", nameof(p));
        return p;
    }

    private static double[] Restore(int[] order, double[] adjusted)
    {
        var restored = new double[order.Length];
        for (var i = 0; i < order.Length; i++)
            restored[order[i]] = adjusted[i];
        return restored;
    }
}
