using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Core.Statistics;

namespace Alidade.Training.Objectives.Reward;

/// <summary>A number over pairs of answers.</summary>
/// <param name="Value">The number.</param>
/// <param name="Interval">Its 95 % interval: Wilson's for a share of rows that are one pair each, else Student's with the rows as clusters; null for too few rows.</param>
public sealed record PairNumber(double Value, Interval? Interval);

/// <summary>
/// What the members of an ensemble of reward models say together of pairs whose better answer is known. With m_k the margin r_k⁺ − r_k⁻ of member k: the accuracy is the share of
/// pairs with mean_k m_k > 0, the spread the mean over the pairs of the population standard deviation of m_k over the members, and a pair divides the members where some m_k > 0 and some are not.
/// </summary>
/// <param name="Members">Reward models.</param>
/// <param name="Pairs">Pairs.</param>
/// <param name="Accuracy">Share of pairs whose better answer has the larger mean score. A tie counts as wrong.</param>
/// <param name="Spread">Mean standard deviation of the margin over the members, in units of the score.</param>
/// <param name="Divided">Share of pairs on which the members do not all prefer the same answer.</param>
/// <remarks>Mean and disagreement as Coste et al. 2023 (arXiv 2310.02743), eq. 2 to 4, of margins in place of scores: what a prompt adds to all scores of a member cancels.</remarks>
public sealed record EnsembleAgreement(int Members, int Pairs, PairNumber Accuracy, PairNumber Spread, PairNumber Divided)
{
    /// <summary>Of the scores that each member gives to each answer.</summary>
    /// <param name="scores">[members][answers], row by row.</param>
    /// <param name="sizes">Answers of each row, best first; every two answers of a row are a pair.</param>
    /// <exception cref="AlidadeException">There is no pair, or members score different numbers of answers.</exception>
    public static EnsembleAgreement Of(IReadOnlyList<IReadOnlyList<double>> scores, IReadOnlyList<int> sizes)
    {
        if (scores.FirstOrDefault(s => s.Count != sizes.Sum()) is { } other)
            throw new AlidadeException($"a member of the ensemble scores {other.Count} answers, and the rows have {sizes.Sum()}");
        var places = PairsOf(sizes).ToArray();
        if (scores.Count == 0 || places.Length == 0)
            throw new AlidadeException($"{scores.Count} reward models and {places.Length} pairs have no agreement to measure");
        double[][] margins = [.. places.Select(p => scores.Select(s => s[p.Better] - s[p.Worse]).ToArray())];
        string[] rows = [.. places.Select(p => FormattableString.Invariant($"{p.Row}"))];
        var alone = sizes.All(s => s == 2);
        PairNumber Number(IEnumerable<double> values) => alone ? Estimated(Mean.Of([.. values])) : Estimated(Mean.Clustered([.. values], rows));
        PairNumber Share(Func<double[], bool> holds) => alone && margins.Count(holds) is var count
            ? new((double)count / margins.Length, Proportion.Wilson(count, margins.Length))
            : Number(margins.Select(m => holds(m) ? 1.0 : 0));
        return new(
            scores.Count, places.Length,
            Share(m => m.Average() > 0),
            Number(margins.Select(m => Mean.PopulationDeviation(m))),
            Share(m => m.Any(x => x > 0) && !m.All(x => x > 0)));
    }

    private static PairNumber Estimated(MeanEstimate mean) => new(mean.Value, mean.Interval());

    private static IEnumerable<(int Row, int Better, int Worse)> PairsOf(IReadOnlyList<int> sizes)
    {
        var first = 0;
        for (var row = 0; row < sizes.Count; row++)
        {
            for (var better = 0; better < sizes[row]; better++)
                for (var worse = better + 1; worse < sizes[row]; worse++)
                    yield return (row, first + better, first + worse);
            first += sizes[row];
        }
    }
}
