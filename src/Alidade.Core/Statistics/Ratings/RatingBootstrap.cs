using System.Globalization;
using Alidade.Core.Results;

namespace Alidade.Core.Statistics.Ratings;

/// <summary>How far ratings move when the comparisons are drawn again.</summary>
/// <param name="Intervals">The percentile interval of each player's rating.</param>
/// <param name="Ratings">The rating of each player by all comparisons.</param>
/// <param name="Resamples">Resamples that could be rated; the intervals are over these.</param>
/// <param name="Unrated">Resamples that could not: a player was missing, or no finite ratings were the likeliest. Many of them mean that the comparisons are too few.</param>
public sealed record RatingBootstrap(
    IReadOnlyDictionary<string, Interval> Intervals, IReadOnlyDictionary<string, double> Ratings, int Resamples, int Unrated)
{
    /// <summary>The bootstrap of any rating, as Chatbot Arena brackets its ratings: comparisons are drawn with replacement and rated again.</summary>
    /// <param name="battles">Comparisons.</param>
    /// <param name="rate">Rates comparisons, such as <c>b =&gt; BradleyTerry.Fit(b).OnEloScale()</c>.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="resamples">How many resamples.</param>
    /// <param name="level">Confidence level.</param>
    /// <exception cref="AlidadeException">The comparisons cannot be rated, or fewer than half of the resamples could.</exception>
    public static RatingBootstrap Of(
        IReadOnlyList<Battle> battles, Func<IReadOnlyList<Battle>, IReadOnlyDictionary<string, double>> rate, ulong seed, int resamples = 1_000, double level = 0.95)
    {
        var ratings = rate(battles);
        var replicates = ratings.Keys.ToDictionary(p => p, _ => new List<double>(resamples), StringComparer.Ordinal);
        var random = new SeededRandom(seed);
        var unrated = 0;
        for (var r = 0; r < resamples; r++)
        {
            Battle[] drawn = [.. Enumerable.Range(0, battles.Count).Select(_ => battles[random.NextInt(battles.Count)])];
            if (Rated(rate, drawn) is { } again && again.Count == ratings.Count)
                foreach (var (player, rating) in again)
                    replicates[player].Add(rating);
            else
                unrated++;
        }

        if (2 * unrated > resamples)
            throw new AlidadeException($"{unrated} of {resamples} resamples of {battles.Count} comparisons could not be rated; collect more comparisons");
        var described = string.Create(CultureInfo.InvariantCulture, $"{resamples - unrated:N0} resamples of the comparisons, seed {seed}, {unrated} more not rated");
        return new RatingBootstrap(
            replicates.ToDictionary(p => p.Key, p => new BootstrapResult(ratings[p.Key], p.Value, described).Percentile(level), StringComparer.Ordinal),
            ratings,
            resamples - unrated,
            unrated);
    }

    private static IReadOnlyDictionary<string, double>? Rated(Func<IReadOnlyList<Battle>, IReadOnlyDictionary<string, double>> rate, Battle[] drawn)
    {
        try
        {
            return rate(drawn);
        }
        catch (AlidadeException)
        {
            return null;
        }
    }
}
