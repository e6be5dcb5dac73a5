using Alidade.Core.Results;
using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics.Ratings;

/// <summary>
/// Bradley–Terry strengths: P(a beats b) = σ(w_a − w_b), the likeliest w for all comparisons together, a tie being half a win for each. The w add up to 0.
/// </summary>
/// <param name="Players">Names, in ordinal order.</param>
/// <param name="Strengths">w, in the order of the players.</param>
/// <param name="Covariance">Of w: the pseudo-inverse of the information.</param>
/// <param name="NegativeLogLikelihood">−Σ weight·(s·ln p + (1 − s)·ln(1 − p)), in nats.</param>
/// <param name="Battles">Comparisons.</param>
/// <remarks>Bradley and Terry 1952; Zermelo 1929.</remarks>
public sealed record BradleyTerry(
    IReadOnlyList<string> Players, IReadOnlyList<double> Strengths, IReadOnlyList<IReadOnlyList<double>> Covariance, double NegativeLogLikelihood, int Battles)
{
    /// <summary>The fit, each comparison counted by its weight.</summary>
    /// <exception cref="AlidadeException">No finite strengths are the likeliest, as for a player who never loses.</exception>
    public static BradleyTerry Fit(IReadOnlyList<Battle> battles)
    {
        var number = Tournament.Players(battles);
        string[] names = [.. number.Keys];
        var wins = Wins(battles, number);
        Tournament.RequireFiniteStrengths(names, (i, j) => wins[i, j] > 0);
        List<(int, double)[]> rows = [];
        List<double> shares = [], weights = [];
        // One row for each pair of players; the last player's strength is held at 0 until the end.
        for (var i = 0; i < names.Length; i++)
            for (var j = i + 1; j < names.Length; j++)
                if (wins[i, j] + wins[j, i] is > 0 and var met)
                {
                    rows.Add(Row(i, j, names.Length));
                    shares.Add(wins[i, j] / met);
                    weights.Add(met);
                }

        var fit = LogisticFit.Of(rows, shares, weights);
        var (strengths, covariance) = Centred(fit, names.Length);
        return new BradleyTerry(names, strengths, covariance, fit.Objective, battles.Count);
    }

    /// <summary>P(first beats second), a tie being half a win.</summary>
    public double WinProbability(string first, string second) => 1 / (1 + Math.Exp(Strengths[Find(second)] - Strengths[Find(first)]));

    /// <summary>The standard error of w_first − w_second.</summary>
    public double ErrorOfDifference(string first, string second)
    {
        int i = Find(first), j = Find(second);
        return Math.Sqrt(Covariance[i][i] + Covariance[j][j] - (2 * Covariance[i][j]));
    }

    /// <summary>w_first − w_second ± z·standard error.</summary>
    public Interval Difference(string first, string second, double level = 0.95)
    {
        double difference = Strengths[Find(first)] - Strengths[Find(second)], half = Normal.TwoSided(level) * ErrorOfDifference(first, second);
        return new Interval(difference - half, difference + half, level, "normal, information of the fit");
    }

    /// <summary>Strengths on the scale of Elo: mean + 400/ln 10·w.</summary>
    /// <param name="mean">Mean rating.</param>
    public IReadOnlyDictionary<string, double> OnEloScale(double mean = 1000) =>
        Players.Zip(Strengths).ToDictionary(p => p.First, p => mean + (400 / Math.Log(10) * p.Second), StringComparer.Ordinal);

    /// <summary>Strengths on the scale of Elo, with one player's rating given.</summary>
    /// <param name="player">The player.</param>
    /// <param name="rating">Its rating.</param>
    public IReadOnlyDictionary<string, double> OnEloScale(string player, double rating) => OnEloScale(rating - (400 / Math.Log(10) * Strengths[Find(player)]));

    internal static double[,] Wins(IReadOnlyList<Battle> battles, Dictionary<string, int> number)
    {
        var wins = new double[number.Count, number.Count];
        foreach (var battle in battles)
        {
            wins[number[battle.First], number[battle.Second]] += battle.Weight * battle.Score;
            wins[number[battle.Second], number[battle.First]] += battle.Weight * (1 - battle.Score);
        }

        return wins;
    }

    /// <summary>+1 for the first, −1 for the second, without the last player's column.</summary>
    internal static (int Column, double Value)[] Row(int first, int second, int players) =>
        [.. new[] { (first, 1.0), (second, -1.0) }.Where(c => c.Item1 < players - 1)];

    /// <summary>Strengths that add up to 0, and their covariance, from those with the last one held at 0.</summary>
    internal static (double[] Strengths, double[][] Covariance) Centred(LogisticFit fit, int players)
    {
        double[] free = [.. fit.Coefficients.Take(players - 1), 0];
        var mean = free.Average();
        double Of(int i, int j) => i == players - 1 || j == players - 1 ? 0 : fit.Covariance[i, j];
        double[] rowMeans = [.. Enumerable.Range(0, players).Select(i => Enumerable.Range(0, players).Average(j => Of(i, j)))];
        var all = rowMeans.Average();
        return (
            [.. free.Select(w => w - mean)],
            [.. Enumerable.Range(0, players).Select(i => Enumerable.Range(0, players).Select(j => Of(i, j) - rowMeans[i] - rowMeans[j] + all).ToArray())]);
    }

    private int Find(string player)
    {
        for (var i = 0; i < Players.Count; i++)
            if (Players[i] == player)
                return i;
        throw new AlidadeException($"no player '{player}' in these ratings{Suggest.Hint(player, [.. Players])}");
    }
}
