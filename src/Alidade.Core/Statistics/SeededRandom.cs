using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>
/// SplitMix64: state += 0x9E3779B97F4A7C15, then two xor-shift-multiply rounds. The same seed gives the same numbers on every machine and in every version of
/// Alidade, which the runtime's own generator does not promise; its whole state is one number, so it fits into a checkpoint.
/// </summary>
/// <remarks>Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", with the constants of Vigna's reference code. Not for secrets.
/// Not safe for several threads: give each its own by <see cref="Fork(string)"/>.</remarks>
public sealed class SeededRandom(ulong seed)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>The whole state; setting it continues from there.</summary>
    public ulong State { get; set; } = seed;

    /// <summary>64 uniform bits.</summary>
    public ulong NextUInt64() => Mix(State += Golden);

    /// <summary>Uniform in [0, 1), a multiple of 2⁻⁵³.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in {0, …, bound − 1}, without bias.</summary>
    /// <remarks>Lemire 2019 (arXiv 1805.10941), algorithm 5.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bound"/> is not positive.</exception>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        var range = (ulong)bound;
        var high = Math.BigMul(NextUInt64(), range, out var low);
        if (low < range)
            for (var threshold = (0 - range) % range; low < threshold;)
                high = Math.BigMul(NextUInt64(), range, out low);
        return (int)high;
    }

    /// <summary>Standard normal, by the inverse of the distribution function: one draw, one number.</summary>
    public double NextNormal()
    {
        // The middle of each of the 2⁵³ cells, so that neither 0 nor 1 can come.
        var p = ((NextUInt64() >> 11) + 0.5) * (1.0 / (1UL << 53));
        return Normal.Standard.Quantile(p);
    }

    /// <summary>Puts a list into a random order (Fisher and Yates).</summary>
    public void Shuffle<T>(IList<T> items)
    {
        for (var i = items.Count - 1; i > 0; i--)
        {
            var j = NextInt(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>A generator of its own for a named purpose; it depends on the state and the name, and leaves this one as it is.</summary>
    public SeededRandom Fork(string purpose) => new(Mix(State ^ StableHash(purpose)));

    /// <summary>A 64-bit hash of a text that is the same on every machine (FNV-1a over UTF-16 units, then mixed).</summary>
    public static ulong StableHash(string text)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var unit in text)
        {
            hash = (hash ^ (byte)unit) * 0x100000001B3UL;
            hash = (hash ^ (byte)(unit >> 8)) * 0x100000001B3UL;
        }

        return Mix(hash);
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
