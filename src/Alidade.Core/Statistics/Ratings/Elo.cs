namespace Alidade.Core.Statistics.Ratings;

/// <summary>
/// Elo ratings, updated after each comparison in the given order: expected E = 1/(1 + base^((R_b − R_a)/scale)), then R_a += K·(S − E) and R_b −= K·(S − E).
/// </summary>
/// <remarks>Elo 1978. Late comparisons weigh most, and the order changes the result: for players that do not change, <see cref="BradleyTerry"/> uses the same
/// comparisons better. Weights are not used.</remarks>
public sealed record Elo
{
    /// <summary>The largest change by one comparison. Default 4, as Chatbot Arena took for models.</summary>
    public double K { get; init; } = 4;

    /// <summary>Rating of a player before the first comparison.</summary>
    public double Initial { get; init; } = 1000;

    /// <summary>Odds of winning that <see cref="Scale"/> points are worth.</summary>
    public double Base { get; init; } = 10;

    /// <summary>Points.</summary>
    public double Scale { get; init; } = 400;

    /// <summary>The ratings after the last comparison.</summary>
    public IReadOnlyDictionary<string, double> Rate(IReadOnlyList<Battle> battles)
    {
        var ratings = Start(battles);
        foreach (var battle in battles)
            Update(ratings, battle);
        return ratings;
    }

    /// <summary>The ratings of all players after each comparison.</summary>
    public IEnumerable<IReadOnlyDictionary<string, double>> History(IReadOnlyList<Battle> battles)
    {
        var ratings = Start(battles);
        foreach (var battle in battles)
        {
            Update(ratings, battle);
            yield return new Dictionary<string, double>(ratings, StringComparer.Ordinal);
        }
    }

    private Dictionary<string, double> Start(IReadOnlyList<Battle> battles) => Tournament.Players(battles).Keys.ToDictionary(p => p, _ => Initial, StringComparer.Ordinal);

    private void Update(Dictionary<string, double> ratings, Battle battle)
    {
        var expected = 1 / (1 + Math.Pow(Base, (ratings[battle.Second] - ratings[battle.First]) / Scale));
        var change = K * (battle.Score - expected);
        ratings[battle.First] += change;
        ratings[battle.Second] -= change;
    }
}
