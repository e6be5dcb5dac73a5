using Alidade.Core.Results;
using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>
/// The bias-corrected and accelerated bootstrap interval: the quantiles of the replicates at Φ(z₀ + (z₀ + z)/(1 − a(z₀ + z))) for z = ±z_level. z₀ says how far the
/// replicates lie off the statistic, a how fast its standard error changes with it.
/// </summary>
/// <remarks>Efron 1987; Efron and Tibshirani 1993, section 14.3. Replicates equal to the statistic count half on either side.</remarks>
/// <param name="Bias">z₀.</param>
/// <param name="Acceleration">a, from the statistic with each unit left out in turn.</param>
/// <param name="LowerShare">Where the lower end is read.</param>
/// <param name="UpperShare">Where the upper end is read.</param>
/// <param name="Interval">The interval.</param>
public sealed record BcaInterval(double Bias, double Acceleration, double LowerShare, double UpperShare, Interval Interval)
{
    /// <summary>The interval of a bootstrap.</summary>
    /// <param name="bootstrap">What resampling gave.</param>
    /// <param name="leaveOneOut">The statistic without each unit, as <see cref="Bootstrap.LeaveOneOut"/> gives it.</param>
    /// <param name="level">Confidence level.</param>
    /// <returns>Null where there is none: every replicate lies on one side of the statistic, or no unit moves it.</returns>
    public static BcaInterval? Of(BootstrapResult bootstrap, IReadOnlyList<double> leaveOneOut, double level = 0.95)
    {
        var z = Normal.TwoSided(level);
        var observed = bootstrap.Statistic;
        double below = bootstrap.Replicates.Count(r => r < observed), notAbove = bootstrap.Replicates.Count(r => r <= observed);
        var share = (below + notAbove) / (2 * bootstrap.Replicates.Count);
        var mean = Mean.Value(leaveOneOut);
        double squares = 0, cubes = 0;
        foreach (var influence in leaveOneOut.Select(v => (leaveOneOut.Count - 1) * (mean - v)))
        {
            squares += influence * influence;
            cubes += influence * influence * influence;
        }

        if (share is <= 0 or >= 1 || squares == 0)
            return null;
        var bias = Normal.Standard.Quantile(share);
        var acceleration = cubes / (6 * Math.Pow(squares, 1.5));
        double Place(double end) => Normal.Standard.Cdf(bias + ((bias + end) / (1 - (acceleration * (bias + end)))));
        var sorted = bootstrap.Replicates.ToArray();
        Array.Sort(sorted);
        double low = Place(-z), high = Place(z);
        return new BcaInterval(bias, acceleration, low, high,
            new Interval(Quantile.OfSorted(sorted, low), Quantile.OfSorted(sorted, high), level, $"BCa bootstrap, {bootstrap.Draws}"));
    }
}
