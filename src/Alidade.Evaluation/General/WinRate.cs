using Alidade.Core.Statistics;

namespace Alidade.Evaluation.General;

/// <summary>AlpacaEval's win rate: the mean of preference − 1 over judged pairs, so that a draw counts ½; its standard error s/√n.</summary>
/// <remarks>github.com/tatsu-lab/alpaca_eval, <c>get_winrate</c>, which gives percent. A pair without a preference is in no number.</remarks>
/// <param name="Value">Share won by the model; NaN when nothing was judged.</param>
/// <param name="StandardError">Its standard error; NaN for fewer than two pairs.</param>
/// <param name="Wins">Preferences above 1.5.</param>
/// <param name="Losses">Preferences below 1.5.</param>
/// <param name="Draws">Preferences of 1.5.</param>
/// <param name="Unscored">Pairs without a preference.</param>
public sealed record WinRate(double Value, double StandardError, int Wins, int Losses, int Draws, int Unscored)
{
    /// <summary>Judged pairs.</summary>
    public int Count => Wins + Losses + Draws;

    /// <summary>(wins + draws/2) / n: how sure a judge was does not count.</summary>
    public double DiscreteValue => (Wins + (Draws / 2.0)) / Count;

    /// <summary>From preferences.</summary>
    /// <param name="preferences">1 the baseline is better … 2 the model is better, 1.5 a draw; null when the judge's reply could not be read.</param>
    public static WinRate Of(IReadOnlyList<double?> preferences)
    {
        double[] judged = [.. preferences.OfType<double>()];
        var mean = judged.Length == 0 ? null : Mean.Of([.. judged.Select(p => p - 1)]);
        return new(mean?.Value ?? double.NaN, mean?.StandardError ?? double.NaN,
            judged.Count(p => p > 1.5), judged.Count(p => p < 1.5), judged.Count(p => p == 1.5), preferences.Count - judged.Length);
    }
}
