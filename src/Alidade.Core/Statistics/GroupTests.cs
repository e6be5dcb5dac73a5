using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>Cochran's Q: do k systems solve the same items equally often? With two systems it is McNemar's χ².</summary>
/// <param name="Q">k(k − 1)·Σ(Cⱼ − C̄)² / (k·N − Σ Rᵢ²), C the successes of a system, R those of an item, N all; NaN when no item tells systems apart.</param>
/// <param name="P">By χ² with k − 1 degrees of freedom.</param>
/// <param name="Degrees">k − 1.</param>
/// <param name="Count">Items.</param>
/// <remarks>Cochran 1950.</remarks>
public sealed record CochranQTest(double Q, double P, int Degrees, int Count)
{
    /// <summary>The test.</summary>
    /// <param name="successes">One list an item, with one entry a system.</param>
    /// <exception cref="ArgumentException">There are fewer than two systems, or the lists differ in length.</exception>
    public static CochranQTest Of(IReadOnlyList<IReadOnlyList<bool>> successes)
    {
        var systems = successes.Count == 0 ? 0 : successes[0].Count;
        if (systems < 2 || successes.Any(s => s.Count != systems))
            throw new ArgumentException("every item needs an outcome of the same systems, two or more", nameof(successes));
        double[] columns = [.. Enumerable.Range(0, systems).Select(j => (double)successes.Count(s => s[j]))];
        var mean = columns.Average();
        var spread = (systems * columns.Sum()) - successes.Sum(s => Math.Pow(s.Count(won => won), 2));
        var q = systems * (systems - 1) * columns.Sum(c => (c - mean) * (c - mean)) / spread;
        return new CochranQTest(q, new ChiSquared(systems - 1).UpperTail(q), systems - 1, successes.Count);
    }
}

/// <summary>Pearson's χ² test of independence in a table of counts.</summary>
/// <param name="Statistic">Σ (O − E)²/E.</param>
/// <param name="P">By χ² with (rows − 1)(columns − 1) degrees of freedom. Not to be trusted where expected counts are below 5.</param>
/// <param name="Degrees">Degrees of freedom.</param>
/// <param name="Expected">E: row total · column total / n.</param>
/// <param name="Count">n.</param>
/// <param name="CramersV">√(χ²/(n·(min(rows, columns) − 1))).</param>
/// <remarks>Pearson 1900; Cramér 1946. No continuity correction.</remarks>
public sealed record ChiSquaredTest(double Statistic, double P, int Degrees, IReadOnlyList<IReadOnlyList<double>> Expected, double Count, double CramersV)
{
    /// <summary>The test.</summary>
    /// <param name="observed">Counts, a list a row; no row or column may be empty.</param>
    /// <exception cref="ArgumentException">The table is smaller than 2 × 2, its rows differ in length, or a row or column holds nothing.</exception>
    public static ChiSquaredTest Of(IReadOnlyList<IReadOnlyList<double>> observed)
    {
        var columns = observed.Count == 0 ? 0 : observed[0].Count;
        if (observed.Count < 2 || columns < 2 || observed.Any(r => r.Count != columns))
            throw new ArgumentException("a table of counts needs two rows and two columns or more, all of one length", nameof(observed));
        double[] rowSums = [.. observed.Select(r => r.Sum())], columnSums = [.. Enumerable.Range(0, columns).Select(j => observed.Sum(r => r[j]))];
        if (rowSums.Concat(columnSums).Any(s => s <= 0))
            throw new ArgumentException("a row or column of the table is empty; leave it out", nameof(observed));
        var n = rowSums.Sum();
        double[][] expected = [.. rowSums.Select(r => columnSums.Select(c => r * c / n).ToArray())];
        var statistic = observed.Zip(expected).Sum(rows => rows.First.Zip(rows.Second).Sum(p => (p.First - p.Second) * (p.First - p.Second) / p.Second));
        var degrees = (observed.Count - 1) * (columns - 1);
        return new ChiSquaredTest(statistic, new ChiSquared(degrees).UpperTail(statistic), degrees, expected, n,
            Math.Sqrt(statistic / n / (Math.Min(observed.Count, columns) - 1)));
    }
}

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
