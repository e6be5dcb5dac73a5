using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Alidade.Core.Statistics;

/// <summary>
/// CPython's <c>random.Random</c>, number for number: the Mersenne Twister 19937 with Python's seeding and its ways to draw. The field's benchmarks choose few-shot
/// examples, orders and resamples with it, so their numbers need it. Alidade's own draws use <see cref="SeededRandom"/>.
/// </summary>
/// <remarks>Matsumoto and Nishimura 1998, <c>init_by_array</c>; CPython 3.11 <c>Lib/random.py</c> and <c>Modules/_randommodule.c</c>. Not for secrets, not for several
/// threads.</remarks>
public sealed class PythonRandom
{
    private const int Words = 624;
    private readonly uint[] state = new uint[Words];
    private int next = Words;
    private double? spareGauss;

    /// <summary><c>random.Random(seed)</c> of a whole number; the sign is dropped, as Python drops it.</summary>
    public PythonRandom(BigInteger seed) => Seed(seed);

    /// <summary><c>random.Random(seed)</c> of a text: the number whose bytes are the text in UTF-8 and then its SHA-512.</summary>
    public PythonRandom(string seed)
    {
        var text = Encoding.UTF8.GetBytes(seed);
        Seed(new BigInteger([.. text, .. SHA512.HashData(text)], isUnsigned: true, isBigEndian: true));
    }

    /// <summary><c>random()</c>: uniform in [0, 1), a multiple of 2⁻⁵³.</summary>
    public double NextDouble() => (((NextWord() >> 5) * 67108864.0) + (NextWord() >> 6)) * (1.0 / 9007199254740992.0);

    /// <summary><c>getrandbits(count)</c>.</summary>
    public BigInteger NextBits(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var value = BigInteger.Zero;
        for (var shift = 0; shift < count; shift += 32)
            value |= (BigInteger)(NextWord() >> Math.Max(0, 32 - (count - shift))) << shift;
        return value;
    }

    /// <summary><c>randrange(bound)</c>.</summary>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        var shift = BitOperations.LeadingZeroCount((uint)bound);
        uint value;
        do
            value = NextWord() >> shift;
        while (value >= (uint)bound);
        return (int)value;
    }

    /// <summary><c>randrange(bound)</c> of a bound of any size.</summary>
    public BigInteger Next(BigInteger bound)
    {
        if (bound.Sign <= 0)
            throw new ArgumentOutOfRangeException(nameof(bound), bound, "a range needs at least one number");
        var bits = (int)bound.GetBitLength();
        BigInteger value;
        do
            value = NextBits(bits);
        while (value >= bound);
        return value;
    }

    /// <summary><c>shuffle(items)</c>.</summary>
    public void Shuffle<T>(IList<T> items)
    {
        for (var i = items.Count - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary><c>sample(range(count), taken)</c>: different numbers below <paramref name="count"/>.</summary>
    public int[] Sample(int count, int taken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(taken, count);
        var sample = new int[taken];
        // Python copies a short list and remembers the numbers taken of a long one; the two draw differently.
        var longest = 21.0 + (taken > 5 ? Math.Pow(4, Math.Ceiling(Math.Log(taken * 3) / Math.Log(4))) : 0);
        if (count <= longest)
        {
            int[] pool = [.. Enumerable.Range(0, count)];
            for (var i = 0; i < taken; i++)
            {
                var j = Next(count - i);
                sample[i] = pool[j];
                pool[j] = pool[count - i - 1];
            }
        }
        else
        {
            var seen = new HashSet<int>();
            for (var i = 0; i < taken; i++)
            {
                do
                    sample[i] = Next(count);
                while (!seen.Add(sample[i]));
            }
        }

        return sample;
    }

    /// <summary><c>choices(range(count), k=taken)</c>: numbers below <paramref name="count"/>, with repeats.</summary>
    public int[] Choices(int count, int taken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var drawn = new int[taken];
        for (var i = 0; i < taken; i++)
            drawn[i] = (int)Math.Floor(NextDouble() * count);
        return drawn;
    }

    /// <summary><c>choices(range(len(weights)), weights, k=taken)</c>.</summary>
    /// <exception cref="ArgumentException">The weights do not add up to a number above 0.</exception>
    public int[] Choices(IReadOnlyList<double> weights, int taken)
    {
        var sums = new double[weights.Count];
        var total = 0.0;
        for (var i = 0; i < sums.Length; i++)
            sums[i] = total += weights[i];
        if (!(total > 0 && double.IsFinite(total)))
            throw new ArgumentException($"weights add up to {total}; a positive sum is needed", nameof(weights));
        var drawn = new int[taken];
        for (var i = 0; i < taken; i++)
        {
            var point = NextDouble() * total;
            // The first sum above the point; the last place takes what rounding leaves over.
            var place = Array.FindIndex(sums, s => point < s);
            drawn[i] = place < 0 ? sums.Length - 1 : place;
        }

        return drawn;
    }

    /// <summary><c>uniform(low, high)</c>.</summary>
    public double Uniform(double low, double high) => low + ((high - low) * NextDouble());

    /// <summary><c>gauss(mean, deviation)</c>: two numbers from two draws; the second is kept for the next call.</summary>
    public double Gauss(double mean, double deviation)
    {
        if (spareGauss is { } spare)
        {
            spareGauss = null;
            return mean + (spare * deviation);
        }

        var angle = NextDouble() * (2 * Math.PI);
        var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        spareGauss = Math.Sin(angle) * radius;
        return mean + (Math.Cos(angle) * radius * deviation);
    }

    /// <summary><c>normalvariate(mean, deviation)</c>: the ratio of uniforms of Kinderman and Monahan 1977.</summary>
    public double NormalVariate(double mean, double deviation)
    {
        var constant = 4 * Math.Exp(-0.5) / Math.Sqrt(2);
        while (true)
        {
            var first = NextDouble();
            var second = 1 - NextDouble();
            var z = constant * (first - 0.5) / second;
            if (z * z / 4 <= -Math.Log(second))
                return mean + (z * deviation);
        }
    }

    /// <summary><c>expovariate(rate)</c>.</summary>
    public double Exponential(double rate) => -Math.Log(1 - NextDouble()) / rate;

    private void Seed(BigInteger seed)
    {
        var bytes = BigInteger.Abs(seed).ToByteArray(isUnsigned: true);
        var key = new uint[(bytes.Length + 3) / 4];
        for (var i = 0; i < bytes.Length; i++)
            key[i / 4] |= (uint)bytes[i] << (8 * (i % 4));
        state[0] = 19650218;
        for (var i = 1; i < Words; i++)
            state[i] = (1812433253 * (state[i - 1] ^ (state[i - 1] >> 30))) + (uint)i;
        var at = 1;
        void Step()
        {
            if (++at < Words)
                return;
            state[0] = state[Words - 1];
            at = 1;
        }

        for (int round = Math.Max(Words, key.Length), j = 0; round > 0; round--, j = (j + 1) % key.Length)
        {
            state[at] = (state[at] ^ ((state[at - 1] ^ (state[at - 1] >> 30)) * 1664525)) + key[j] + (uint)j;
            Step();
        }

        for (var round = Words - 1; round > 0; round--)
        {
            state[at] = (state[at] ^ ((state[at - 1] ^ (state[at - 1] >> 30)) * 1566083941)) - (uint)at;
            Step();
        }

        state[0] = 0x80000000;
    }

    private uint NextWord()
    {
        if (next == Words)
        {
            for (var i = 0; i < Words; i++)
            {
                var y = (state[i] & 0x80000000) | (state[(i + 1) % Words] & 0x7FFFFFFF);
                state[i] = state[(i + 397) % Words] ^ (y >> 1) ^ ((y & 1) * 0x9908B0DF);
            }

            next = 0;
        }

        var word = state[next++];
        word ^= word >> 11;
        word ^= (word << 7) & 0x9D2C5680;
        word ^= (word << 15) & 0xEFC60000;
        return word ^ (word >> 18);
    }
}
