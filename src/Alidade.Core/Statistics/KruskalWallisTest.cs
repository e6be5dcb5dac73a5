using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>The Kruskal–Wallis test: do independent groups lie equally high, by their ranks?</summary>
/// <param name="H">The statistic, corrected for ties; NaN when all values are equal.</param>
/// <param name="P">By χ² with groups − 1 degrees of freedom.</param>
/// <param name="Count">Values.</param>
/// <remarks>Kruskal and Wallis 1952.</remarks>
public sealed record KruskalWallisTest(double H, double P, int Count)
{
    /// <summary>The test.</summary>
    /// <exception cref="ArgumentException">There are fewer than two groups, or one is empty.</exception>
    public static KruskalWallisTest Of(IReadOnlyList<IReadOnlyList<double>> groups)
    {
        AnovaTest.Check(groups);
        double[] all = [.. groups.SelectMany(g => g)];
        var ranks = Ranks.Mid(all);
        double n = all.Length, sum = 0;
        var start = 0;
        foreach (var group in groups)
        {
            var total = ranks.Skip(start).Take(group.Count).Sum();
            sum += total * total / group.Count;
            start += group.Count;
        }

        var ties = 1 - (Ranks.TieCounts(all).Sum(t => ((double)t * t * t) - t) / ((n * n * n) - n));
        var h = ((12 / (n * (n + 1)) * sum) - (3 * (n + 1))) / ties;
        return new KruskalWallisTest(h, new ChiSquared(groups.Count - 1).UpperTail(h), all.Length);
    }
}
