using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics.Power;

/// <summary>Items of each group that a two-sided comparison of two shares, measured on different items, needs.</summary>
public static class ProportionPower
{
    /// <summary>By the arcsine transform: the z test with the effect h = 2·arcsin √p₁ − 2·arcsin √p₂.</summary>
    /// <remarks>Cohen 1988, chapter 6.</remarks>
    /// <param name="first">p₁.</param>
    /// <param name="second">p₂.</param>
    /// <param name="power">1 − β.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public static SampleSize PerGroupByArcsine(double first, double second, double power = 0.8, double alpha = 0.05) =>
        MeanPower.PerGroupForNormal(EffectSize.CohenH(first, second), power, alpha) with { Method = "items of each group, arcsine transform" };

    /// <summary>(z_{α/2}·√(2p̄(1 − p̄)) + z_β·√(p₁(1 − p₁) + p₂(1 − p₂)))² / (p₁ − p₂)²: the test with the pooled variance.</summary>
    /// <remarks>Fleiss, Levin and Paik 2003, equation 4.14.</remarks>
    /// <param name="first">p₁.</param>
    /// <param name="second">p₂.</param>
    /// <param name="power">1 − β.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public static SampleSize PerGroupPooled(double first, double second, double power = 0.8, double alpha = 0.05)
    {
        var (level, rest) = Scores(first - second, power, alpha);
        double mean = (first + second) / 2, apart = (first * (1 - first)) + (second * (1 - second));
        var root = (level * Math.Sqrt(2 * mean * (1 - mean))) + (rest * Math.Sqrt(apart));
        return new SampleSize(root * root / ((first - second) * (first - second)), power, alpha, "items of each group, normal approximation, pooled variance");
    }

    /// <summary>(z_{α/2} + z_β)²·(p₁(1 − p₁) + p₂(1 − p₂)) / (p₁ − p₂)²: the test with each group's variance.</summary>
    /// <param name="first">p₁.</param>
    /// <param name="second">p₂.</param>
    /// <param name="power">1 − β.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public static SampleSize PerGroupUnpooled(double first, double second, double power = 0.8, double alpha = 0.05)
    {
        var (level, rest) = Scores(first - second, power, alpha);
        var apart = (first * (1 - first)) + (second * (1 - second));
        return new SampleSize((level + rest) * (level + rest) * apart / ((first - second) * (first - second)), power, alpha,
            "items of each group, normal approximation, unpooled variance");
    }

    internal static (double Level, double Power) Scores(double difference, double power, double alpha)
    {
        SampleSize.Check(alpha, power);
        SampleSize.CheckDifference(difference);
        return (Normal.TwoSided(1 - alpha), Normal.Standard.Quantile(power));
    }
}
