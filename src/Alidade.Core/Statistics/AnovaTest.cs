using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>One-way analysis of variance: have independent groups the same mean, given normal values of one variance?</summary>
/// <param name="F">Mean square between groups over mean square within.</param>
/// <param name="P">By F with groups − 1 and n − groups degrees of freedom.</param>
/// <param name="Count">n.</param>
/// <remarks>Fisher 1925.</remarks>
public sealed record AnovaTest(double F, double P, int Count)
{
    /// <summary>The test.</summary>
    /// <exception cref="ArgumentException">There are fewer than two groups, one is empty, or no group has two values.</exception>
    public static AnovaTest Of(IReadOnlyList<IReadOnlyList<double>> groups)
    {
        Check(groups);
        double[] all = [.. groups.SelectMany(g => g)];
        double between = groups.Count - 1, within = all.Length - groups.Count;
        if (within < 1)
            throw new ArgumentException("groups of one value each have no variance to compare with", nameof(groups));
        var mean = Mean.Value(all);
        var f = groups.Sum(g => g.Count * Math.Pow(Mean.Value(g) - mean, 2)) / between
            / (groups.Sum(g => g.Count < 2 ? 0 : Mean.SampleVariance(g) * (g.Count - 1)) / within);
        return new AnovaTest(f, new FisherF(between, within).UpperTail(f), all.Length);
    }

    internal static void Check(IReadOnlyList<IReadOnlyList<double>> groups)
    {
        if (groups.Count < 2 || groups.Any(g => g.Count == 0))
            throw new ArgumentException("two groups or more are compared, and none may be empty", nameof(groups));
    }
}
