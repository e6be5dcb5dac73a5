using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;

namespace Alidade.Evaluation;

/// <summary>Chooses some of a measure's items: the same ones before and after, whatever their order in the file.</summary>
public static class ItemChoice
{
    /// <summary>The items with the smallest seeded hashes of their ids, in the order of the data; all of them when there are no more than the limit.</summary>
    /// <param name="items">Items.</param>
    /// <param name="limit">Most items; null for all.</param>
    /// <param name="seed">Seed of the hash.</param>
    /// <exception cref="AlidadeException">The limit is below 1.</exception>
    public static IReadOnlyList<T> Of<T>(IReadOnlyList<T> items, int? limit, ulong seed)
        where T : IDataRow
    {
        if (limit is < 1)
            throw new AlidadeException($"the limit of items is {limit}; it must be at least 1");
        if (limit is not { } most || items.Count <= most)
            return items;
        var random = new SeededRandom(seed);
        var chosen = items.OrderBy(i => random.Fork(i.Id).State).Take(most).Select(i => i.Id).ToHashSet(StringComparer.Ordinal);
        return [.. items.Where(i => chosen.Contains(i.Id))];
    }
}
