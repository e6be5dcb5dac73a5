using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics.Power;

/// <summary>
/// Power of McNemar's test, and the pairs it needs: two systems answer the same items, a share p₁₀ is right by the first only, a share p₀₁ by the second only. What
/// counts is how often they disagree, ψ = p₁₀ + p₀₁, beside the difference Δ = p₁₀ − p₀₁.
/// </summary>
public static class PairedProportionPower
{
    /// <summary>(z_{α/2}·√ψ + z_β·√(ψ − Δ²))² / Δ².</summary>
    /// <remarks>Connor 1987. It is for the test without continuity correction; the exact test needs some more (<see cref="Exact"/>).</remarks>
    /// <param name="onlyFirst">p₁₀.</param>
    /// <param name="onlySecond">p₀₁.</param>
    /// <param name="power">1 − β.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public static SampleSize Pairs(double onlyFirst, double onlySecond, double power = 0.8, double alpha = 0.05)
    {
        var (level, rest) = ProportionPower.Scores(onlyFirst - onlySecond, power, alpha);
        double disagree = onlyFirst + onlySecond, difference = onlyFirst - onlySecond;
        var root = (level * Math.Sqrt(disagree)) + (rest * Math.Sqrt(disagree - (difference * difference)));
        return new SampleSize(root * root / (difference * difference), power, alpha, "pairs, McNemar, normal approximation (Connor)");
    }

    /// <summary>(z_{α/2} + z_β)²·(ψ − Δ²) / Δ²: for the interval of Δ that uses its own variance.</summary>
    /// <param name="onlyFirst">p₁₀.</param>
    /// <param name="onlySecond">p₀₁.</param>
    /// <param name="power">1 − β.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public static SampleSize PairsByWald(double onlyFirst, double onlySecond, double power = 0.8, double alpha = 0.05)
    {
        var (level, rest) = ProportionPower.Scores(onlyFirst - onlySecond, power, alpha);
        var difference = onlyFirst - onlySecond;
        return new SampleSize((level + rest) * (level + rest) * (onlyFirst + onlySecond - (difference * difference)) / (difference * difference), power, alpha,
            "pairs, difference of paired shares, normal approximation");
    }

    /// <summary>Power of the test without continuity correction, by normal approximation: Φ((√n·|Δ| − z_{α/2}·√ψ)/√(ψ − Δ²)).</summary>
    /// <param name="onlyFirst">p₁₀.</param>
    /// <param name="onlySecond">p₀₁.</param>
    /// <param name="pairs">n.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public static double Approximate(double onlyFirst, double onlySecond, double pairs, double alpha = 0.05)
    {
        SampleSize.Check(alpha);
        double disagree = onlyFirst + onlySecond, difference = Math.Abs(onlyFirst - onlySecond);
        return Normal.Standard.Cdf(((Math.Sqrt(pairs) * difference) - (Normal.TwoSided(1 - alpha) * Math.Sqrt(disagree))) / Math.Sqrt(disagree - (difference * difference)));
    }

    /// <summary>Power of the exact test, exactly: over all numbers of disagreements m, the chance of m times the chance that it rejects given m.</summary>
    /// <param name="onlyFirst">p₁₀.</param>
    /// <param name="onlySecond">p₀₁.</param>
    /// <param name="pairs">n.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public static double Exact(double onlyFirst, double onlySecond, int pairs, double alpha = 0.05)
    {
        SampleSize.Check(alpha);
        var disagreements = new Binomial(pairs, onlyFirst + onlySecond);
        var power = new CompensatedSum();
        // The largest count that still rejects grows with m, so it is looked for from the last one on.
        var largest = -1;
        for (var m = 0; m <= pairs; m++)
        {
            while (largest + 1 <= m / 2 && McNemar.ExactP(largest + 1, m - largest - 1) <= alpha)
                largest++;
            var split = new Binomial(m, onlyFirst / (onlyFirst + onlySecond));
            if (largest >= 0 && disagreements.Density(m) is > 0 and var share)
                power.Add(share * (split.Cdf(largest) + split.UpperTail(m - largest - 1)));
        }

        return power.Total;
    }
}
