using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>
/// McNemar's test of two yes/no measurements of the same items: only the b items that were right the first time only and the c items that were right the second
/// time only speak; without a difference each falls either way like a fair coin.
/// </summary>
/// <remarks>McNemar 1947; mid-p as recommended by Fagerland, Lydersen and Laake 2013 (BMC Medical Research Methodology 13:91).</remarks>
public static class McNemar
{
    /// <summary>Exact two-sided p: min(1, 2·P(K ≤ min(b, c))), K binomial with n = b + c and ½; 1 when b + c = 0.</summary>
    /// <param name="onlyFirst">b.</param>
    /// <param name="onlySecond">c.</param>
    public static double ExactP(int onlyFirst, int onlySecond) =>
        onlyFirst == onlySecond ? 1 : Math.Min(1, 2 * new Binomial(onlyFirst + onlySecond, 0.5).Cdf(Math.Min(onlyFirst, onlySecond)));

    /// <summary>Mid-p: the exact p less P(K = min(b, c)); for b = c it is 1 − P(K = b)/2; 1 when b + c = 0. Less timid than the exact test.</summary>
    /// <param name="onlyFirst">b.</param>
    /// <param name="onlySecond">c.</param>
    public static double MidP(int onlyFirst, int onlySecond)
    {
        if (onlyFirst + onlySecond == 0)
            return 1;
        var mass = new Binomial(onlyFirst + onlySecond, 0.5).Density(Math.Min(onlyFirst, onlySecond));
        return onlyFirst == onlySecond ? 1 - (mass / 2) : (2 * new Binomial(onlyFirst + onlySecond, 0.5).Cdf(Math.Min(onlyFirst, onlySecond))) - mass;
    }

    /// <summary>χ² = (b − c)²/(b + c) and its p with one degree of freedom, for large b + c.</summary>
    public static (double Statistic, double P) ChiSquared(int onlyFirst, int onlySecond) => Asymptotic(Math.Abs(onlyFirst - onlySecond), onlyFirst + onlySecond);

    /// <summary>With Edwards' continuity correction: χ² = (|b − c| − 1)²/(b + c).</summary>
    public static (double Statistic, double P) ChiSquaredCorrected(int onlyFirst, int onlySecond) =>
        Asymptotic(Math.Abs(onlyFirst - onlySecond) - 1, onlyFirst + onlySecond);

    private static (double Statistic, double P) Asymptotic(double difference, double discordant)
    {
        var statistic = difference * difference / discordant;
        return (statistic, new ChiSquared(1).UpperTail(statistic));
    }
}
