namespace Alidade.Core.Statistics.Agreement;

/// <summary>Fleiss' κ of several raters, each item rated by as many: (P̄ − P̄_e)/(1 − P̄_e), P̄ the share of agreeing pairs of raters.</summary>
/// <param name="Value">κ; NaN when all ratings are one label.</param>
/// <param name="FreeMarginal">Randolph's κ: chance is 1/K, as if every label were as likely.</param>
/// <param name="Agreement">P̄.</param>
/// <param name="Chance">P̄_e, from the labels' shares over all ratings.</param>
/// <param name="Items">Items.</param>
/// <param name="Raters">Ratings of each item.</param>
/// <remarks>Fleiss 1971; Randolph 2005.</remarks>
public sealed record FleissKappa(double Value, double FreeMarginal, double Agreement, double Chance, int Items, int Raters)
{
    /// <summary>κ of ratings.</summary>
    /// <param name="ratings">Labels 0 … labels − 1, a list an item, each of the same length of two at least.</param>
    /// <param name="labels">How many labels could be given.</param>
    /// <exception cref="ArgumentException">There are no items, or the lists differ in length or hold fewer than two ratings.</exception>
    public static FleissKappa Of(IReadOnlyList<IReadOnlyList<int>> ratings, int labels)
    {
        var raters = ratings.Count == 0 ? 0 : ratings[0].Count;
        if (raters < 2 || ratings.Any(r => r.Count != raters))
            throw new ArgumentException("every item needs the same number of ratings, two at least; with gaps use Krippendorff's alpha", nameof(ratings));
        var totals = new double[labels];
        var agreed = 0.0;
        foreach (var item in ratings)
        {
            var counts = new int[labels];
            foreach (var label in item)
                counts[label]++;
            agreed += counts.Sum(c => c * (c - 1.0)) / (raters * (raters - 1.0));
            for (var k = 0; k < labels; k++)
                totals[k] += counts[k];
        }

        agreed /= ratings.Count;
        var chance = totals.Sum(t => t / (ratings.Count * raters) * (t / (ratings.Count * raters)));
        return new FleissKappa(RaterTable.Corrected(agreed, chance), RaterTable.Corrected(agreed, 1.0 / labels), agreed, chance, ratings.Count, raters);
    }
}
