using System.Globalization;
using Alidade.Core.Results;
using Alidade.Core.Statistics;

namespace Alidade.Evaluation.Engine;

/// <summary>Results whose value is no mean of item scores: the statistic over the scored items, with the percentile interval of a bootstrap over them.</summary>
internal static class Resampled
{
    /// <summary>Resamples. A thousand place the ends of a 95 % interval well enough, and some statistics are slow.</summary>
    private const int Resamples = 1_000;

    /// <summary>Makes the result.</summary>
    /// <param name="about">Name, meaning, unit, direction and cost.</param>
    /// <param name="items">Every item, scored or not; those without a score are counted by their reason.</param>
    /// <param name="values">What the statistic is computed from, one for each scored unit.</param>
    /// <param name="statistic">The statistic; null or NaN where it does not exist.</param>
    /// <param name="seed">Seed of the draws.</param>
    public static MeasureResult Of<T>(Measurement about, IReadOnlyList<ItemResult> items, IReadOnlyList<T> values, Func<IReadOnlyList<T>, double?> statistic, ulong seed)
    {
        var value = values.Count == 0 ? null : statistic(values);
        return new(
            about with
            {
                Value = value is { } known && double.IsFinite(known) ? known : null,
                Interval = value is null || values.Count < 2 ? null : IntervalOf(values, statistic, seed),
                Count = values.Count,
                Unscored = items.Where(i => i.Score is null).GroupBy(i => i.Why ?? "no score", StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal),
                Truncated = items.Count(i => i.Truncated),
            },
            items);
    }

    private static Interval? IntervalOf<T>(IReadOnlyList<T> values, Func<IReadOnlyList<T>, double?> statistic, ulong seed)
    {
        var result = Bootstrap.Of(values.Count, draw => statistic([.. draw.Select(i => values[i])]) ?? double.NaN, seed, Resamples);
        double[] known = [.. result.Replicates.Where(double.IsFinite)];
        if (known.Length < 2)
            return null;
        var left = Resamples - known.Length;
        return (result with
        {
            Replicates = known,
            Draws = left == 0 ? result.Draws : string.Create(CultureInfo.InvariantCulture, $"{result.Draws}; {left} without a value left out"),
        }).Percentile();
    }
}
