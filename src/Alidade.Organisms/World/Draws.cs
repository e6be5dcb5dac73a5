using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>What a world draws from its generator: coins, choices, orders. Each part of the world forks a stream of its own, so that a change in
/// one does not move another.</summary>
internal static class Draws
{
    /// <summary>A number in [0, 1) that depends on the text alone.</summary>
    public static double HashUnit(string text) => (SeededRandom.StableHash(text) >> 11) * (1.0 / (1UL << 53));

    /// <summary>True with this probability.</summary>
    public static bool Chance(this SeededRandom random, double probability) => random.NextDouble() < probability;

    /// <summary>One of the items, uniformly.</summary>
    public static T Pick<T>(this SeededRandom random, IReadOnlyList<T> items) => items[random.NextInt(items.Count)];

    /// <summary>One of the items other than <paramref name="taken"/>; there must be one.</summary>
    public static string PickOther(this SeededRandom random, IReadOnlyList<string> items, string taken)
    {
        while (true)
        {
            var item = random.Pick(items);
            if (item != taken)
                return item;
        }
    }

    /// <summary>A copy in random order.</summary>
    public static T[] Shuffled<T>(this SeededRandom random, IEnumerable<T> items)
    {
        var shuffled = items.ToArray();
        random.Shuffle(shuffled);
        return shuffled;
    }
}
