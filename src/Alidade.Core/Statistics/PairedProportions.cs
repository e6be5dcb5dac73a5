using Alidade.Core.Results;
using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>Two shares measured on the same items, and intervals of the first minus the second. Use <see cref="Newcombe"/>.</summary>
/// <param name="Both">a: right both times.</param>
/// <param name="OnlyFirst">b: right the first time only.</param>
/// <param name="OnlySecond">c: right the second time only.</param>
/// <param name="Neither">d: wrong both times.</param>
/// <remarks>Compared by Fagerland, Lydersen and Laake 2014 (Statistics in Medicine 33:2850).</remarks>
public sealed record PairedProportions(int Both, int OnlyFirst, int OnlySecond, int Neither)
{
    /// <summary>n = a + b + c + d.</summary>
    public int Count => Both + OnlyFirst + OnlySecond + Neither;

    /// <summary>(b − c)/n; NaN without items.</summary>
    public double Difference => (OnlyFirst - OnlySecond) / (double)Count;

    /// <summary>√(b + c − (b − c)²/n)/n.</summary>
    public double StandardError => Error(OnlyFirst, OnlySecond, Count);

    /// <summary>
    /// Newcombe's interval: Wilson's limits (l, u) of both shares, combined by squares with the correlation φ of the two answers:
    /// Δ − √((p₁ − l₁)² − 2φ(p₁ − l₁)(u₂ − p₂) + (u₂ − p₂)²), and likewise above.
    /// </summary>
    /// <remarks>Newcombe 1998 (Statistics in Medicine 17:2635), method 10: φ = c/√(products of the margins) with c = ad − bc, lessened by n/2 where it is
    /// larger than n/2, and 0 where 0 ≤ ad − bc ≤ n/2; φ = 0 when a margin is empty.</remarks>
    /// <param name="level">Confidence level.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no items.</exception>
    public Interval Newcombe(double level = 0.95)
    {
        var cross = Cross;
        return SquareAndAdd(cross > Count / 2.0 ? cross - (Count / 2.0) : Math.Min(cross, 0), level, "Newcombe paired (method 10)");
    }

    /// <summary>The same with φ uncorrected.</summary>
    /// <remarks>Newcombe 1998, method 8.</remarks>
    /// <param name="level">Confidence level.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no items.</exception>
    public Interval NewcombeUncorrected(double level = 0.95) => SquareAndAdd(Cross, level, "Newcombe paired (method 8)");

    /// <summary>Δ ± z·<see cref="StandardError"/>: its width falls to 0 where no item changed.</summary>
    /// <param name="level">Confidence level.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no items.</exception>
    public Interval Wald(double level = 0.95) => Around(OnlyFirst, OnlySecond, Count, level, "Wald paired");

    /// <summary>Wald's interval with ½ added to each of the four counts.</summary>
    /// <remarks>Agresti and Min 2005.</remarks>
    /// <param name="level">Confidence level.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no items.</exception>
    public Interval AgrestiMin(double level = 0.95) => Around(OnlyFirst + 0.5, OnlySecond + 0.5, Count + 2, level, "Agresti-Min");

    /// <summary>Wald's interval with 1 added to b and to c, cut at ±1.</summary>
    /// <remarks>Bonett and Price 2012.</remarks>
    /// <param name="level">Confidence level.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no items.</exception>
    public Interval BonettPrice(double level = 0.95)
    {
        var interval = Around(OnlyFirst + 1, OnlySecond + 1, Count + 2, level, "Bonett-Price");
        return interval with { Low = Math.Max(-1, interval.Low), High = Math.Min(1, interval.High) };
    }

    private double Cross => ((double)Both * Neither) - ((double)OnlyFirst * OnlySecond);

    private Interval SquareAndAdd(double cross, double level, string method)
    {
        double n = Count, first = (Both + OnlyFirst) / n, second = (Both + OnlySecond) / n;
        var firstLimits = Proportion.Wilson(Both + OnlyFirst, Count, level);
        var secondLimits = Proportion.Wilson(Both + OnlySecond, Count, level);
        var margins = (double)(Both + OnlyFirst) * (OnlySecond + Neither) * (Both + OnlySecond) * (OnlyFirst + Neither);
        var phi = margins == 0 ? 0 : cross / Math.Sqrt(margins);
        double Reach(double x, double y) => Math.Sqrt(Math.Max(0, (x * x) - (2 * phi * x * y) + (y * y)));
        var difference = first - second;
        return new Interval(
            difference - Reach(first - firstLimits.Low, secondLimits.High - second),
            difference + Reach(firstLimits.High - first, second - secondLimits.Low),
            level,
            method);
    }

    private Interval Around(double onlyFirst, double onlySecond, double count, double level, string method)
    {
        ArgumentOutOfRangeException.ThrowIfZero(Count);
        var difference = (onlyFirst - onlySecond) / count;
        var half = Normal.TwoSided(level) * Error(onlyFirst, onlySecond, count);
        return new Interval(difference - half, difference + half, level, method);
    }

    private static double Error(double onlyFirst, double onlySecond, double count)
    {
        var difference = onlyFirst - onlySecond;
        return Math.Sqrt(onlyFirst + onlySecond - (difference * difference / count)) / count;
    }
}
