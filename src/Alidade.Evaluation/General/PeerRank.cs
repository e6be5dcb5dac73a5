using Alidade.Core;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.General;

/// <summary>A model's verdict over the answers of two models.</summary>
/// <param name="Reviewer">The model that judges; it is a contestant as well.</param>
/// <param name="First">The model of the first answer.</param>
/// <param name="Second">The model of the second answer.</param>
/// <param name="Verdict">The verdict, or why there is none.</param>
public sealed record PeerReview(string Reviewer, string First, string Second, Parsed<PairVerdict> Verdict);

/// <summary>Scores and weights of peer rank.</summary>
/// <param name="Scores">Weighted win rate of each model, in [0, 1], best first.</param>
/// <param name="Weights">Weight of each model as a reviewer; they sum to 1.</param>
/// <param name="Iterations">Rounds until nothing moved.</param>
/// <param name="Unjudged">Reviews without a verdict.</param>
public sealed record PeerRanking(IReadOnlyList<KeyValuePair<string, double>> Scores, IReadOnlyDictionary<string, double> Weights, int Iterations, int Unjudged);

/// <summary>
/// Peer rank: models review each other, and a better model's review counts for more. (1) All weights are equal. (2) A model's score is its win rate with each reviewer, a tie ½,
/// weighted by the reviewers that judged it. (3) The weights are the scores, min–max normalised and summing to 1. (2) and (3) are repeated to the fixed point.
/// </summary>
/// <remarks>Li et al. 2023 (arXiv 2307.02762), algorithm 1, as recalled from the paper; its code shows no ranking. The worst model ends with weight 0. Where all scores are equal
/// the weights are.</remarks>
public sealed record PeerRank
{
    /// <summary>The largest change of a weight at which the fixed point is reached. Default 1e-12.</summary>
    public double Tolerance { get; init; } = 1e-12;

    /// <summary>Most rounds. Default 10,000.</summary>
    public int MostIterations { get; init; } = 10_000;

    /// <summary>Ranks the models.</summary>
    /// <exception cref="AlidadeException">There is no verdict, a reviewer is no contestant, or the weights go on moving.</exception>
    public PeerRanking Of(IReadOnlyCollection<PeerReview> reviews)
    {
        var judged = reviews.Where(r => r.Verdict.HasValue).ToArray();
        string[] models = [.. judged.SelectMany(r => (string[])[r.First, r.Second]).Distinct().Order(StringComparer.Ordinal)];
        if (models.Length == 0)
            throw new AlidadeException($"peer rank: none of {reviews.Count} reviews has a verdict");
        if (judged.Select(r => r.Reviewer).Except(models, StringComparer.Ordinal).FirstOrDefault() is { } stranger)
            throw new AlidadeException($"peer rank: the reviewer '{stranger}' answered nothing, so it has no score to weigh its reviews by (models: {string.Join(", ", models)})");

        // Win rate of each model with each reviewer; NaN where the reviewer judged nothing of it.
        var at = models.Select((m, i) => (m, i)).ToDictionary(p => p.m, p => p.i, StringComparer.Ordinal);
        var (won, games) = (new double[models.Length, models.Length], new double[models.Length, models.Length]);
        foreach (var review in judged)
        {
            var (reviewer, first, second, score) = (at[review.Reviewer], at[review.First], at[review.Second], review.Verdict.Value.ScoreOfFirst());
            won[reviewer, first] += score;
            won[reviewer, second] += 1 - score;
            games[reviewer, first]++;
            games[reviewer, second]++;
        }

        // 1.
        double[] weights = [.. models.Select(_ => 1.0 / models.Length)];
        for (var round = 1; round <= MostIterations; round++)
        {
            // 2.
            double[] scores = [.. Enumerable.Range(0, models.Length).Select(m => ScoreOf(m, weights, won, games))];
            // 3.
            var next = Normalised(scores);
            var moved = next.Zip(weights, (a, b) => Math.Abs(a - b)).Max();
            weights = next;
            if (moved <= Tolerance)
                return new(
                    [.. models.Zip(scores, KeyValuePair.Create).OrderByDescending(s => s.Value).ThenBy(s => s.Key, StringComparer.Ordinal)],
                    models.Zip(weights).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal), round, reviews.Count - judged.Length);
        }

        throw new AlidadeException($"peer rank: after {MostIterations} rounds the weights still move by more than {Tolerance}; the reviewers contradict each other without end");
    }

    private static double ScoreOf(int model, double[] weights, double[,] won, double[,] games)
    {
        double sum = 0, weight = 0, plain = 0, count = 0;
        for (var r = 0; r < weights.Length; r++)
        {
            if (games[r, model] == 0)
                continue;
            var rate = won[r, model] / games[r, model];
            sum += weights[r] * rate;
            weight += weights[r];
            plain += rate;
            count++;
        }

        // A model that only reviewers of weight 0 judged is scored by them all alike.
        return weight > 0 ? sum / weight : plain / count;
    }

    private static double[] Normalised(double[] scores)
    {
        var (low, high) = (scores.Min(), scores.Max());
        if (high - low <= 1e-15)
            return [.. scores.Select(_ => 1.0 / scores.Length)];
        double[] scaled = [.. scores.Select(s => (s - low) / (high - low))];
        var sum = scaled.Sum();
        return [.. scaled.Select(s => s / sum)];
    }
}
