namespace Alidade.Core.Statistics.Agreement;

/// <summary>What measures of agreement between two raters have in common.</summary>
internal static class RaterTable
{
    /// <summary>Shares of the cells, of the rows, of the columns; items.</summary>
    public static (double[][] Shares, double[] Rows, double[] Columns, int Count) Of(Confusion table)
    {
        double n = table.Count;
        double[][] shares = [.. table.Counts.Select(r => r.Select(c => c / n).ToArray())];
        return (shares, [.. shares.Select(r => r.Sum())], [.. shares.Select((_, j) => shares.Sum(r => r[j]))], table.Count);
    }

    /// <summary>(p_o − p_e)/(1 − p_e); NaN where chance agrees on everything.</summary>
    public static double Corrected(double agreed, double chance) => 1 - chance < 1e-15 ? double.NaN : (agreed - chance) / (1 - chance);
}
