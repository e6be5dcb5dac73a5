namespace Alidade.Core.Statistics.Agreement;

/// <summary>
/// Gwet's AC1 of two raters: chance agreement is Σ πₖ(1 − πₖ)/(K − 1), which stays small when one label prevails. There κ can be near 0 although the raters agree on
/// almost everything.
/// </summary>
/// <remarks>Gwet 2008.</remarks>
public static class GwetAc1
{
    /// <summary>AC1.</summary>
    /// <param name="table">Labels of the first rater against those of the second; two labels at least.</param>
    /// <exception cref="ArgumentException">There is one label only.</exception>
    public static double Of(Confusion table)
    {
        var (shares, rows, columns, _) = RaterTable.Of(table);
        if (rows.Length < 2)
            throw new ArgumentException("agreement on one label says nothing; two are needed", nameof(table));
        var chance = rows.Zip(columns, (r, c) => (r + c) / 2 * (1 - ((r + c) / 2))).Sum() / (rows.Length - 1);
        return RaterTable.Corrected(shares.Select((r, i) => r[i]).Sum(), chance);
    }
}
