using Alidade.Core.Results;
using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics.Agreement;

/// <summary>
/// Cohen's κ of two raters: (p_o − p_e)/(1 − p_e), p_o the share on which they agree, p_e what two raters with these labels' shares would agree on by chance.
/// </summary>
/// <param name="Value">κ; NaN when both use one and the same label, for then chance alone agrees on everything.</param>
/// <param name="Agreement">p_o.</param>
/// <param name="StandardError">Standard error of κ; NaN with κ.</param>
/// <param name="NullError">Standard error of κ if it were 0, for a test of that; NaN with κ.</param>
/// <param name="Count">Items.</param>
/// <remarks>Cohen 1960; standard errors Fleiss, Cohen and Everitt 1969.</remarks>
public sealed record CohenKappa(double Value, double Agreement, double StandardError, double NullError, int Count)
{
    /// <summary>κ ± z·standard error; null when there is no κ.</summary>
    public Interval? Interval(double level = 0.95)
    {
        var half = Normal.TwoSided(level) * StandardError;
        return double.IsNaN(half) ? null : new Interval(Value - half, Value + half, level, "normal, Fleiss-Cohen-Everitt standard error");
    }

    /// <summary>κ of labels without an order.</summary>
    /// <param name="table">Labels of the first rater (rows) against those of the second.</param>
    public static CohenKappa Of(Confusion table)
    {
        var (shares, rows, columns, n) = RaterTable.Of(table);
        double agreed = 0, chance = 0, margins = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            agreed += shares[i][i];
            chance += rows[i] * columns[i];
            margins += rows[i] * columns[i] * (rows[i] + columns[i]);
        }

        var kappa = RaterTable.Corrected(agreed, chance);
        double diagonal = 0, rest = 0;
        for (var i = 0; i < rows.Length; i++)
            for (var j = 0; j < rows.Length; j++)
                if (i == j)
                    diagonal += shares[i][i] * Math.Pow(1 - ((rows[i] + columns[i]) * (1 - kappa)), 2);
                else
                    rest += shares[i][j] * Math.Pow((columns[i] + rows[j]) * (1 - kappa), 2);
        var variance = (diagonal + rest - Math.Pow(kappa - (chance * (1 - kappa)), 2)) / Math.Pow(1 - chance, 2) / n;
        var underNull = (chance + (chance * chance) - margins) / Math.Pow(1 - chance, 2) / n;
        return new CohenKappa(kappa, agreed, Math.Sqrt(Math.Max(0, variance)), Math.Sqrt(Math.Max(0, underNull)), n);
    }

    /// <summary>κ of ordered labels, a disagreement weighing |i − j|; NaN when both use one and the same label.</summary>
    /// <remarks>Cohen 1968.</remarks>
    /// <param name="table">Labels of the first rater (rows) against those of the second, in order.</param>
    public static double LinearlyWeighted(Confusion table) => Weighted(table, d => Math.Abs(d));

    /// <summary>κ of ordered labels, a disagreement weighing (i − j)²; NaN when both use one and the same label.</summary>
    /// <remarks>Cohen 1968.</remarks>
    /// <param name="table">Labels of the first rater (rows) against those of the second, in order.</param>
    public static double QuadraticallyWeighted(Confusion table) => Weighted(table, d => d * d);

    private static double Weighted(Confusion table, Func<int, double> weight)
    {
        var (shares, rows, columns, _) = RaterTable.Of(table);
        double seen = 0, chance = 0;
        for (var i = 0; i < rows.Length; i++)
            for (var j = 0; j < rows.Length; j++)
            {
                seen += weight(i - j) * shares[i][j];
                chance += weight(i - j) * rows[i] * columns[j];
            }

        return chance == 0 ? double.NaN : 1 - (seen / chance);
    }
}
