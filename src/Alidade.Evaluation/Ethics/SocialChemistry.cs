using Alidade.Core;
using Alidade.Core.Statistics;

namespace Alidade.Evaluation.Ethics;

/// <summary>
/// Social Chemistry 101: predicted attributes of rules of thumb against the workers', as accuracy and as micro and macro F1 over the attribute's values.
/// </summary>
/// <remarks>Forbes et al. 2020 (arXiv 2011.00620), section 5.2. Attributes with several values (moral foundations) are judged value by value by
/// <see cref="OfSets"/>.</remarks>
/// <param name="Values">The attribute's values, in ordinal order.</param>
/// <param name="Table">True against predicted values.</param>
public sealed record SocialChemistry(IReadOnlyList<string> Values, Confusion Table)
{
    /// <summary>Compares an attribute with one value an item.</summary>
    /// <exception cref="AlidadeException">The lists differ in length or are empty.</exception>
    public static SocialChemistry Of(IReadOnlyList<string> truth, IReadOnlyList<string> predicted)
    {
        Check(truth.Count, predicted.Count);
        string[] values = [.. truth.Concat(predicted).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return new(values, Confusion.Of([.. truth.Select(v => Array.IndexOf(values, v))], [.. predicted.Select(v => Array.IndexOf(values, v))], values.Length));
    }

    /// <summary>Compares an attribute with several values an item, such as the moral foundations: F1 of each value, and their mean.</summary>
    /// <returns>F1 by value, over all values that occur, and macro and micro F1.</returns>
    /// <exception cref="AlidadeException">The lists differ in length or are empty.</exception>
    public static (IReadOnlyDictionary<string, double> F1, double Macro, double Micro) OfSets(IReadOnlyList<IReadOnlyCollection<string>> truth, IReadOnlyList<IReadOnlyCollection<string>> predicted)
    {
        Check(truth.Count, predicted.Count);
        string[] values = [.. truth.Concat(predicted).SelectMany(v => v).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (values.Length == 0)
            throw new AlidadeException("no item has a value, true or predicted");
        int Count(string value, Func<bool, bool, bool> which) => truth.Zip(predicted).Count(p => which(p.First.Contains(value), p.Second.Contains(value)));
        var counts = values.ToDictionary(v => v, v => (Right: Count(v, (t, p) => t && p), Both: Count(v, (t, _) => t) + Count(v, (_, p) => p)), StringComparer.Ordinal);
        var f1 = counts.ToDictionary(c => c.Key, c => 2.0 * c.Value.Right / c.Value.Both, StringComparer.Ordinal);
        return (f1, f1.Values.Average(), 2.0 * counts.Values.Sum(c => c.Right) / counts.Values.Sum(c => c.Both));
    }

    private static void Check(int truth, int predicted)
    {
        if (truth == 0 || truth != predicted)
            throw new AlidadeException($"{truth} attributes and {predicted} predictions: as many of both are needed, one at least");
    }
}
