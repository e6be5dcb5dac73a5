namespace Alidade.Core.Statistics.Agreement;

/// <summary>What a difference between two values means.</summary>
public enum MeasurementLevel
{
    /// <summary>Equal or not.</summary>
    Nominal,

    /// <summary>How many ratings lie between: (Σ of the counts from one to the other − half of both ends)².</summary>
    Ordinal,

    /// <summary>(a − b)².</summary>
    Interval,

    /// <summary>((a − b)/(a + b))².</summary>
    Ratio,
}

/// <summary>
/// Krippendorff's α: 1 − observed over expected disagreement, for any number of raters, any level of measurement, and ratings with gaps.
/// </summary>
/// <param name="Value">α: 1 agreement, 0 chance; NaN when all ratings are equal, for then no disagreement could be expected.</param>
/// <param name="Items">Items with two ratings or more; the others say nothing.</param>
/// <param name="LeftOut">Items with fewer.</param>
/// <param name="Ratings">Ratings of those items.</param>
/// <remarks>Krippendorff 2011, "Computing Krippendorff's alpha-reliability".</remarks>
public sealed record KrippendorffAlpha(double Value, int Items, int LeftOut, int Ratings)
{
    /// <summary>α of ratings.</summary>
    /// <param name="ratings">A list a rater with one entry an item, all of one length; null or NaN where the rater gave none.</param>
    /// <param name="level">What a difference means.</param>
    /// <exception cref="ArgumentException">The lists differ in length, or no item has two ratings.</exception>
    public static KrippendorffAlpha Of(IReadOnlyList<IReadOnlyList<double?>> ratings, MeasurementLevel level)
    {
        var items = ratings.Count == 0 ? 0 : ratings[0].Count;
        if (ratings.Any(r => r.Count != items))
            throw new ArgumentException("every rater needs an entry for every item, null where there is no rating", nameof(ratings));
        var units = Enumerable.Range(0, items)
            .Select(i => ratings.Select(r => r[i]).Where(v => v is { } rating && !double.IsNaN(rating)).Select(v => v!.Value).ToArray())
            .Where(unit => unit.Length > 1)
            .ToArray();
        if (units.Length == 0)
            throw new ArgumentException($"none of {items} items has two ratings", nameof(ratings));
        double[] values = [.. units.SelectMany(u => u).Distinct().Order()];
        var place = values.Index().ToDictionary(p => p.Item, p => p.Index);
        // Coincidences: each ordered pair of ratings of an item with m of them counts 1/(m − 1).
        var coincidences = new double[values.Length, values.Length];
        foreach (var unit in units)
            for (var i = 0; i < unit.Length; i++)
                for (var j = 0; j < unit.Length; j++)
                    if (i != j)
                        coincidences[place[unit[i]], place[unit[j]]] += 1.0 / (unit.Length - 1);
        double[] totals = [.. Enumerable.Range(0, values.Length).Select(i => Enumerable.Range(0, values.Length).Sum(j => coincidences[i, j]))];
        double observed = 0, expected = 0, n = totals.Sum();
        for (var i = 0; i < values.Length; i++)
            for (var j = 0; j < values.Length; j++)
            {
                var distance = Distance(values, totals, i, j, level);
                observed += coincidences[i, j] * distance;
                expected += totals[i] * totals[j] * distance;
            }

        return new KrippendorffAlpha(expected == 0 ? double.NaN : 1 - (observed * (n - 1) / expected), units.Length, items - units.Length, units.Sum(u => u.Length));
    }

    private static double Distance(double[] values, double[] totals, int i, int j, MeasurementLevel level)
    {
        double a = values[i], b = values[j];
        var root = level switch
        {
            MeasurementLevel.Nominal => i == j ? 0 : 1,
            MeasurementLevel.Interval => a - b,
            MeasurementLevel.Ratio => a + b == 0 ? 0 : (a - b) / (a + b),
            MeasurementLevel.Ordinal => totals.AsSpan(Math.Min(i, j), Math.Abs(i - j) + 1).ToArray().Sum() - ((totals[i] + totals[j]) / 2),
            _ => throw new ArgumentOutOfRangeException(nameof(level), level, "no such level"),
        };
        return root * root;
    }
}
