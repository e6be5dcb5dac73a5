using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>Pearson's χ² test of independence in a table of counts.</summary>
/// <param name="Statistic">Σ (O − E)²/E.</param>
/// <param name="P">By χ² with (rows − 1)(columns − 1) degrees of freedom. Not to be trusted where expected counts are below 5.</param>
/// <param name="Degrees">Degrees of freedom.</param>
/// <param name="Expected">E: row total · column total / n.</param>
/// <param name="Count">n.</param>
/// <param name="CramersV">√(χ²/(n·(min(rows, columns) − 1))).</param>
/// <remarks>Pearson 1900; Cramér 1946. No continuity correction.</remarks>
public sealed record ChiSquaredTest(double Statistic, double P, int Degrees, IReadOnlyList<IReadOnlyList<double>> Expected, double Count, double CramersV)
{
    /// <summary>The test.</summary>
    /// <param name="observed">Counts, a list a row; no row or column may be empty.</param>
    /// <exception cref="ArgumentException">The table is smaller than 2 × 2, its rows differ in length, or a row or column holds nothing.</exception>
    public static ChiSquaredTest Of(IReadOnlyList<IReadOnlyList<double>> observed)
    {
        var columns = observed.Count == 0 ? 0 : observed[0].Count;
        if (observed.Count < 2 || columns < 2 || observed.Any(r => r.Count != columns))
            throw new ArgumentException("a table of counts needs two rows and two columns or more, all of one length", nameof(observed));
        double[] rowSums = [.. observed.Select(r => r.Sum())], columnSums = [.. Enumerable.Range(0, columns).Select(j => observed.Sum(r => r[j]))];
        if (rowSums.Concat(columnSums).Any(s => s <= 0))
            throw new ArgumentException("a row or column of the table is empty; leave it out", nameof(observed));
        var n = rowSums.Sum();
        double[][] expected = [.. rowSums.Select(r => columnSums.Select(c => r * c / n).ToArray())];
        var statistic = observed.Zip(expected).Sum(rows => rows.First.Zip(rows.Second).Sum(p => (p.First - p.Second) * (p.First - p.Second) / p.Second));
        var degrees = (observed.Count - 1) * (columns - 1);
        return new ChiSquaredTest(statistic, new ChiSquared(degrees).UpperTail(statistic), degrees, expected, n,
            Math.Sqrt(statistic / n / (Math.Min(observed.Count, columns) - 1)));
    }
}
