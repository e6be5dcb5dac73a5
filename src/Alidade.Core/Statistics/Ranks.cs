namespace Alidade.Core.Statistics;

/// <summary>Ranks of a sample, from 1; the methods differ in what equal values get.</summary>
public static class Ranks
{
    /// <summary>Equal values share the mean of their ranks.</summary>
    public static double[] Mid(IReadOnlyList<double> values) => Of(values, (start, end, _) => (start + 1 + end) / 2.0);

    /// <summary>Equal values get the least of their ranks: 1, 2, 2, 4.</summary>
    public static double[] Least(IReadOnlyList<double> values) => Of(values, (start, _, _) => start + 1);

    /// <summary>Equal values get the greatest of their ranks: 1, 3, 3, 4.</summary>
    public static double[] Greatest(IReadOnlyList<double> values) => Of(values, (_, end, _) => end);

    /// <summary>Equal values get one rank and no rank is left out: 1, 2, 2, 3.</summary>
    public static double[] Dense(IReadOnlyList<double> values) => Of(values, (_, _, group) => group);

    /// <summary>Equal values are ranked in the order in which they come: 1, 2, 3, 4.</summary>
    public static double[] Ordinal(IReadOnlyList<double> values)
    {
        var ranks = new double[values.Count];
        foreach (var (place, i) in Enumerable.Range(0, values.Count).OrderBy(i => values[i]).Index())
            ranks[i] = place + 1;
        return ranks;
    }

    /// <summary>How many values each distinct value has, in ascending order of the values.</summary>
    internal static int[] TieCounts(IReadOnlyList<double> values) => [.. values.GroupBy(v => v).OrderBy(g => g.Key).Select(g => g.Count())];

    // rank(start, end, group): places start … end − 1 of the sorted sample hold equal values, the group-th distinct one.
    private static double[] Of(IReadOnlyList<double> values, Func<int, int, int, double> rank)
    {
        var order = Enumerable.Range(0, values.Count).OrderBy(i => values[i]).ToArray();
        var ranks = new double[values.Count];
        for (int start = 0, end, group = 1; start < order.Length; start = end, group++)
        {
            end = start + 1;
            while (end < order.Length && values[order[end]].Equals(values[order[start]]))
                end++;
            for (var i = start; i < end; i++)
                ranks[order[i]] = rank(start, end, group);
        }

        return ranks;
    }
}
