namespace Alidade.Organisms.World;

/// <summary>SplitMix64: the world's own random numbers, so that a seed gives the same world on every machine and runtime version.</summary>
/// <remarks>Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators". Streams are named, so that a change in one part of
/// the world does not move another.</remarks>
internal sealed class WorldRandom(ulong seed, string stream)
{
    private ulong _state = Mix(seed) ^ Hash(stream);

    /// <summary>FNV-1a over UTF-16 code units, finished by SplitMix's mixer: a stable hash of a text (string.GetHashCode is not).</summary>
    public static ulong Hash(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var unit in text)
            hash = (hash ^ unit) * 1099511628211UL;
        return Mix(hash);
    }

    /// <summary>A number in [0, 1) that depends on the text alone.</summary>
    public static double HashUnit(string text) => ToUnit(Hash(text));

    /// <summary>Uniform in [0, 1).</summary>
    public double Unit() => ToUnit(Next());

    /// <summary>True with this probability.</summary>
    public bool Chance(double probability) => Unit() < probability;

    /// <summary>Uniform in [0, count), by multiplication (the bias is below 2⁻⁵⁰ for the counts used here).</summary>
    public int Below(int count) => (int)Math.BigMul(Next(), (ulong)count, out _);

    /// <summary>One of the items, uniformly.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>One of the items other than <paramref name="taken"/>; there must be one.</summary>
    public string PickOther(IReadOnlyList<string> items, string taken)
    {
        while (true)
        {
            var item = Pick(items);
            if (item != taken)
                return item;
        }
    }

    /// <summary>A copy in random order (Fisher–Yates).</summary>
    public T[] Shuffled<T>(IEnumerable<T> items)
    {
        var shuffled = items.ToArray();
        for (var last = shuffled.Length - 1; last > 0; last--)
        {
            var other = Below(last + 1);
            (shuffled[last], shuffled[other]) = (shuffled[other], shuffled[last]);
        }
        return shuffled;
    }

    private ulong Next() => Mix(_state += 0x9E3779B97F4A7C15UL);

    private static double ToUnit(ulong bits) => (bits >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
