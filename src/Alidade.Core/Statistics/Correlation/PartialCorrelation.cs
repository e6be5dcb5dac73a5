namespace Alidade.Core.Statistics.Correlation;

/// <summary>The correlation of two quantities with a third held fixed: that of what is left when each is explained by the third.</summary>
/// <remarks>Yule 1907. What is left counts as nothing when it is less than 1e-9 of the spread: then the correlation is NaN.</remarks>
public static class PartialCorrelation
{
    /// <summary>Pearson's, given a quantity that acts in a straight line; one degree of freedom less.</summary>
    /// <exception cref="ArgumentException">The lists differ in length or hold fewer than two values.</exception>
    public static CorrelationEstimate Pearson(IReadOnlyList<double> first, IReadOnlyList<double> second, IReadOnlyList<double> control) =>
        CorrelationEstimate.Of(OfResiduals(first, second, Residuals(first, control), Residuals(second, control)), first.Count - 3, first.Count);

    /// <summary>Spearman's: the same of the ranks of all three.</summary>
    /// <exception cref="ArgumentException">The lists differ in length or hold fewer than two values.</exception>
    public static CorrelationEstimate Spearman(IReadOnlyList<double> first, IReadOnlyList<double> second, IReadOnlyList<double> control) =>
        Pearson(Ranks.Mid(first), Ranks.Mid(second), Ranks.Mid(control));

    /// <summary>Pearson's within groups: of the differences from each group's mean; as many degrees of freedom less as there are groups beyond the first.</summary>
    /// <remarks>As FRANK does for the systems of its summaries (Pagnoni, Balachandran and Tsvetkov 2021).</remarks>
    /// <exception cref="ArgumentException">The lists differ in length or hold fewer than two values.</exception>
    public static CorrelationEstimate WithinGroups(IReadOnlyList<double> first, IReadOnlyList<double> second, IReadOnlyList<string> groups)
    {
        if (groups.Count != first.Count)
            throw new ArgumentException($"{first.Count} values but {groups.Count} group names", nameof(groups));
        double[] Centred(IReadOnlyList<double> values)
        {
            var means = values.Zip(groups)
                .GroupBy(p => p.Second, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => Mean.Value([.. g.Select(p => p.First)]), StringComparer.Ordinal);
            return [.. values.Zip(groups, (v, g) => v - means[g])];
        }

        var degrees = first.Count - 1 - groups.Distinct(StringComparer.Ordinal).Count();
        return CorrelationEstimate.Of(OfResiduals(first, second, Centred(first), Centred(second)), degrees, first.Count);
    }

    private static double OfResiduals(IReadOnlyList<double> first, IReadOnlyList<double> second, double[] firstRest, double[] secondRest) =>
        Vanished(first, firstRest) || Vanished(second, secondRest) ? double.NaN : PearsonCorrelation.Coefficient(firstRest, secondRest);

    private static bool Vanished(IReadOnlyList<double> values, double[] rest) => rest.Max(Math.Abs) <= 1e-9 * (values.Max() - values.Min());

    // What least squares on a constant and the control leave over.
    private static double[] Residuals(IReadOnlyList<double> values, IReadOnlyList<double> control)
    {
        PearsonCorrelation.Check(values, control);
        double mean = Mean.Value(values), centre = Mean.Value(control);
        CompensatedSum both = default, squares = default;
        for (var i = 0; i < values.Count; i++)
        {
            both.Add((values[i] - mean) * (control[i] - centre));
            squares.Add((control[i] - centre) * (control[i] - centre));
        }

        var slope = squares.Total == 0 ? 0 : both.Total / squares.Total;
        return [.. values.Zip(control, (v, c) => v - mean - (slope * (c - centre)))];
    }
}
