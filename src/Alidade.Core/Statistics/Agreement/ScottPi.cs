namespace Alidade.Core.Statistics.Agreement;

/// <summary>Scott's π of two raters: as <see cref="CohenKappa"/>, but chance draws from the labels of both raters together.</summary>
/// <remarks>Scott 1955.</remarks>
public static class ScottPi
{
    /// <summary>π; NaN when both use one and the same label.</summary>
    /// <param name="table">Labels of the first rater against those of the second.</param>
    public static double Of(Confusion table)
    {
        var (shares, rows, columns, _) = RaterTable.Of(table);
        return RaterTable.Corrected(shares.Select((r, i) => r[i]).Sum(), rows.Zip(columns, (r, c) => (r + c) / 2 * ((r + c) / 2)).Sum());
    }
}
