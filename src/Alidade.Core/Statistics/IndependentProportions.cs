using Alidade.Core.Results;
using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>Two shares measured on different items: k₁ of n₁ and k₂ of n₂, with intervals and tests of p₁ − p₂. Use <see cref="Newcombe"/>.</summary>
/// <param name="FirstSuccesses">k₁.</param>
/// <param name="FirstCount">n₁ &gt; 0.</param>
/// <param name="SecondSuccesses">k₂.</param>
/// <param name="SecondCount">n₂ &gt; 0.</param>
/// <remarks>An interval with an empty side is an <see cref="ArgumentOutOfRangeException"/>.</remarks>
public sealed record IndependentProportions(int FirstSuccesses, int FirstCount, int SecondSuccesses, int SecondCount)
{
    private double First => FirstSuccesses / (double)FirstCount;

    private double Second => SecondSuccesses / (double)SecondCount;

    private double All => (double)FirstCount + SecondCount;

    /// <summary>p₁ − p₂; NaN when a side is empty.</summary>
    public double Difference => First - Second;

    /// <summary>Wilson's limits of both shares, combined by squares: Δ − √((p₁ − l₁)² + (u₂ − p₂)²), and likewise above.</summary>
    /// <remarks>Newcombe 1998 (Statistics in Medicine 17:873), method 10.</remarks>
    /// <param name="level">Confidence level.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is empty.</exception>
    public Interval Newcombe(double level = 0.95)
    {
        var first = Proportion.Wilson(FirstSuccesses, FirstCount, level);
        var second = Proportion.Wilson(SecondSuccesses, SecondCount, level);
        return new Interval(
            Difference - double.Hypot(First - first.Low, second.High - Second),
            Difference + double.Hypot(first.High - First, Second - second.Low),
            level,
            "Newcombe hybrid score");
    }

    /// <summary>Δ ± z·√(p₁(1 − p₁)/n₁ + p₂(1 − p₂)/n₂).</summary>
    /// <param name="level">Confidence level.</param>
    public Interval Wald(double level = 0.95) => Around(First, FirstCount, Second, SecondCount, level, "Wald");

    /// <summary>Wald's interval with one success and one failure added to each side.</summary>
    /// <remarks>Agresti and Caffo 2000.</remarks>
    /// <param name="level">Confidence level.</param>
    public Interval AgrestiCaffo(double level = 0.95) =>
        Around((FirstSuccesses + 1.0) / (FirstCount + 2), FirstCount + 2, (SecondSuccesses + 1.0) / (SecondCount + 2), SecondCount + 2, level, "Agresti-Caffo");

    /// <summary>The differences δ that the score test does not reject: |Δ − δ| ≤ z·√(var(δ)·N/(N − 1)), var at the likeliest shares that differ by δ.</summary>
    /// <remarks>Miettinen and Nurminen 1985, equations 8 to 10 and appendix I. statsmodels 0.15 has k₂ where the equation of the shares has n₂, so its interval is
    /// off in the third digit.</remarks>
    /// <param name="level">Confidence level.</param>
    public Interval MiettinenNurminen(double level = 0.95) => ScoreInterval(level, SecondCount, "Miettinen-Nurminen score");

    internal Interval ScoreInterval(double level, double quadraticCount, string method)
    {
        CheckCounts();
        var z = Normal.TwoSided(level);
        double Excess(double delta) => Math.Abs(Difference - delta) - (z * Math.Sqrt(ScoreVariance(delta, quadraticCount) * All / (All - 1)));
        double End(double extreme)
        {
            double inside = Difference, outside = extreme;
            for (var i = 0; i < 60; i++)
            {
                var middle = (inside + outside) / 2;
                if (Excess(middle) > 0)
                    outside = middle;
                else
                    inside = middle;
            }

            return inside;
        }

        return new Interval(End(-1), End(1), level, method);
    }

    /// <summary>z = Δ/√(p̄(1 − p̄)(1/n₁ + 1/n₂)) with p̄ the share of both together, and its two-sided p; NaN when p̄ is 0 or 1.</summary>
    public (double Z, double P) PooledTest()
    {
        var share = (FirstSuccesses + SecondSuccesses) / All;
        var z = Difference / Math.Sqrt(share * (1 - share) * ((1.0 / FirstCount) + (1.0 / SecondCount)));
        return double.IsFinite(z) ? (z, Normal.TwoSidedP(z)) : (double.NaN, double.NaN);
    }

    /// <summary>Fisher's exact two-sided p: the sum of the probabilities of all tables with these margins that are not likelier than this one.</summary>
    /// <remarks>Fisher 1935; tables whose probability equals this one's up to a relative 1e-10 count as equal.</remarks>
    public double FisherP()
    {
        var successes = FirstSuccesses + SecondSuccesses;
        var share = successes / All;
        if (share is 0 or 1)
            return 1;
        // Hypergeometric, as two binomials over a third (Loader 2000); the total is the same for all tables.
        double Weight(int first) => new Binomial(FirstCount, share).Density(first) * new Binomial(SecondCount, share).Density(successes - first);
        double limit = Weight(FirstSuccesses) * (1 + 1e-10), sum = 0;
        for (var first = Math.Max(0, successes - SecondCount); first <= Math.Min(successes, FirstCount); first++)
            if (Weight(first) is var weight && weight <= limit)
                sum += weight;
        return Math.Min(1, sum / new Binomial((int)All, share).Density(successes));
    }

    private void CheckCounts()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(FirstCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(SecondCount);
    }

    private double ScoreVariance(double delta, double quadraticCount)
    {
        double n1 = FirstCount, n2 = SecondCount, n = All, successes = FirstSuccesses + SecondSuccesses;
        // The likeliest second share solves l₃p³ + l₂p² + l₁p + l₀ = 0.
        var l2 = ((n1 + (2 * n2)) * delta) - n - successes;
        var l1 = (((quadraticCount * delta) - n - (2 * SecondSuccesses)) * delta) + successes;
        var l0 = SecondSuccesses * delta * (1 - delta);
        var centre = l2 / (3 * n);
        var q = (centre * centre * centre) - (l1 * l2 / (6 * n * n)) + (l0 / (2 * n));
        var radius = Math.CopySign(Math.Sqrt(Math.Max(0, (centre * centre) - (l1 / (3 * n)))), q);
        var angle = radius == 0 ? 0 : (Math.PI + Math.Acos(Math.Clamp(q / (radius * radius * radius), -1, 1))) / 3;
        var second = Math.Clamp((2 * radius * Math.Cos(angle)) - centre, Math.Max(0, -delta), Math.Min(1, 1 - delta));
        var first = second + delta;
        return Math.Max(0, (first * (1 - first) / n1) + (second * (1 - second) / n2));
    }

    private Interval Around(double first, double firstCount, double second, double secondCount, double level, string method)
    {
        CheckCounts();
        var half = Normal.TwoSided(level) * Math.Sqrt((first * (1 - first) / firstCount) + (second * (1 - second) / secondCount));
        return new Interval(first - second - half, first - second + half, level, method);
    }
}
