using System.Globalization;

namespace Alidade.Core.Statistics;

/// <summary>
/// A permutation test: how often a statistic is as extreme as the one seen, when labels are exchanged that would not matter without a difference. It asks nothing of
/// the distribution of the values.
/// </summary>
/// <param name="Statistic">The mean difference seen.</param>
/// <param name="P">Share of |T| ≥ |t|.</param>
/// <param name="GreaterP">Share of T ≥ t.</param>
/// <param name="LessP">Share of T ≤ t.</param>
/// <param name="Permutations">How many permutations were counted.</param>
/// <param name="Method">How they were chosen.</param>
/// <remarks>Fisher 1935; Pitman 1937. Values that differ by a relative 1e-9 count as equal, so that rounding does not part equals.</remarks>
public sealed record PermutationTest(double Statistic, double P, double GreaterP, double LessP, long Permutations, string Method)
{
    /// <summary>The most permutations that are counted one by one.</summary>
    public const long LargestExact = 1L << 24;

    /// <summary>2·min of the two tails, at most 1: scipy's two-sided p. It differs from <see cref="P"/> where the permuted statistic is not symmetric.</summary>
    public double DoubledP => Math.Min(1, 2 * Math.Min(GreaterP, LessP));

    /// <summary>All 2ⁿ changes of sign of paired differences; at most 24 pairs.</summary>
    /// <param name="differences">First minus second, one a pair.</param>
    public static PermutationTest Paired(IReadOnlyList<double> differences)
    {
        if (differences.Count is 0 or > 24)
            throw new ArgumentException($"{differences.Count} pairs: all changes of sign can be counted for 1 to 24; draw some of them instead", nameof(differences));
        IEnumerable<double> All()
        {
            for (var signs = 0L; signs < 1L << differences.Count; signs++)
            {
                var sum = 0.0;
                for (var i = 0; i < differences.Count; i++)
                    sum += (signs >> i & 1) == 0 ? differences[i] : -differences[i];
                yield return sum / differences.Count;
            }
        }

        return Count(Mean.Value(differences), All(), 0, "all changes of sign");
    }

    /// <summary>Changes of sign of paired differences, drawn at random; the observed one is counted too, so that p is never 0.</summary>
    /// <param name="differences">First minus second, one a pair.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="draws">How many.</param>
    /// <remarks>Phipson and Smyth 2010.</remarks>
    public static PermutationTest PairedDrawn(IReadOnlyList<double> differences, ulong seed, int draws = Bootstrap.Resamples)
    {
        var random = new SeededRandom(seed);
        var statistics = Enumerable.Range(0, draws).Select(_ => differences.Sum(d => random.NextUInt64() >> 63 == 0 ? d : -d) / differences.Count);
        return Count(Mean.Value(differences), statistics, 1, string.Create(CultureInfo.InvariantCulture, $"{draws:N0} changes of sign drawn, seed {seed}"));
    }

    /// <summary>All ways to divide the values of two independent samples; at most 2²⁴ of them.</summary>
    /// <exception cref="ArgumentException">A sample is empty, or there are too many ways.</exception>
    public static PermutationTest Independent(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        double[] all = [.. first, .. second];
        var ways = MathNet.Numerics.SpecialFunctions.Binomial(all.Length, first.Count);
        if (first.Count == 0 || second.Count == 0 || ways > LargestExact)
            throw new ArgumentException(
                $"samples of {first.Count} and {second.Count}: all divisions can be counted up to {LargestExact}; draw some of them instead", nameof(first));
        var total = all.Sum();
        IEnumerable<double> All()
        {
            int[] chosen = [.. Enumerable.Range(0, first.Count)];
            for (var more = true; more; more = Advance(chosen, all.Length))
                yield return DifferenceOfMeans(chosen.Sum(i => all[i]), total, first.Count, second.Count);
        }

        return Count(Mean.Value(first) - Mean.Value(second), All(), 0, "all divisions");
    }

    /// <summary>Divisions of the values of two independent samples, drawn at random; the observed one is counted too.</summary>
    /// <param name="first">First sample.</param>
    /// <param name="second">Second sample.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="draws">How many.</param>
    public static PermutationTest IndependentDrawn(IReadOnlyList<double> first, IReadOnlyList<double> second, ulong seed, int draws = Bootstrap.Resamples)
    {
        double[] all = [.. first, .. second];
        var total = all.Sum();
        var random = new SeededRandom(seed);
        var statistics = Enumerable.Range(0, draws).Select(_ =>
        {
            random.Shuffle(all);
            return DifferenceOfMeans(all.Take(first.Count).Sum(), total, first.Count, second.Count);
        });
        return Count(Mean.Value(first) - Mean.Value(second), statistics, 1, string.Create(CultureInfo.InvariantCulture, $"{draws:N0} divisions drawn, seed {seed}"));
    }

    private static PermutationTest Count(double observed, IEnumerable<double> statistics, long already, string method)
    {
        var slack = 1e-9 * Math.Max(1, Math.Abs(observed));
        long extreme = already, above = already, below = already, counted = already;
        foreach (var statistic in statistics)
        {
            extreme += Math.Abs(statistic) >= Math.Abs(observed) - slack ? 1 : 0;
            above += statistic >= observed - slack ? 1 : 0;
            below += statistic <= observed + slack ? 1 : 0;
            counted++;
        }

        return new PermutationTest(observed, (double)extreme / counted, (double)above / counted, (double)below / counted, counted, method);
    }

    private static double DifferenceOfMeans(double firstSum, double total, int first, int second) => (firstSum / first) - ((total - firstSum) / second);

    private static bool Advance(int[] chosen, int count)
    {
        var i = chosen.Length - 1;
        while (i >= 0 && chosen[i] == count - chosen.Length + i)
            i--;
        if (i < 0)
            return false;
        chosen[i]++;
        while (++i < chosen.Length)
            chosen[i] = chosen[i - 1] + 1;
        return true;
    }
}
