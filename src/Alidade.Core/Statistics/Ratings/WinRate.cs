namespace Alidade.Core.Statistics.Ratings;

/// <summary>
/// The share of its comparisons that a player won, a tie being half a win. Players who met different opponents cannot be ranked by it; <see cref="BradleyTerry"/> can.
/// </summary>
public static class WinRate
{
    /// <summary>(wins + ties/2)/comparisons of each player, with s/√n as its standard error. Weights are not used.</summary>
    public static IReadOnlyDictionary<string, MeanEstimate> Of(IReadOnlyList<Battle> battles) =>
        Tournament.Players(battles).Keys.ToDictionary(
            player => player,
            player => Mean.Of([.. battles.Where(b => b.First == player).Select(b => b.Score), .. battles.Where(b => b.Second == player).Select(b => 1 - b.Score)]),
            StringComparer.Ordinal);
}
