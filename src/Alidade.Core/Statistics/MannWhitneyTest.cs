using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>
/// The Mann–Whitney test of two independent samples: U counts the pairs in which the first is larger, ties half. U/(n·m) is the area under the ROC curve.
/// </summary>
/// <param name="U">U of the first sample.</param>
/// <param name="FirstCount">n.</param>
/// <param name="SecondCount">m.</param>
/// <param name="Error">Standard deviation of U without a difference, corrected for ties; 0 when all values are equal.</param>
/// <remarks>Mann and Whitney 1947. The approximate p are with continuity correction unless they say otherwise.</remarks>
public sealed record MannWhitneyTest(double U, int FirstCount, int SecondCount, double Error)
{
    private const long LargestExact = 4_000_000;

    private bool Tied { get; init; }

    private double Pairs => (double)FirstCount * SecondCount;

    /// <summary>Approximate two-sided p.</summary>
    public double P => Math.Min(1, 2 * Tail(Math.Max(U, Pairs - U), 0.5));

    /// <summary>Approximate two-sided p without continuity correction.</summary>
    public double UncorrectedP => Math.Min(1, 2 * Tail(Math.Max(U, Pairs - U), 0));

    /// <summary>Approximate p of the first sample lying lower.</summary>
    public double LessP => Tail(Pairs - U, 0.5);

    /// <summary>Approximate p of the first sample lying higher.</summary>
    public double GreaterP => Tail(U, 0.5);

    /// <summary>Exact two-sided p; null when values are tied or n·m·(n + m) is over 4,000,000.</summary>
    public double? ExactP => ExactGreaterP is null ? null : Math.Min(1, 2 * AtOrAbove(Math.Max(U, Pairs - U)));

    /// <summary>Exact p of the first sample lying lower; null as <see cref="ExactP"/>.</summary>
    public double? ExactLessP => ExactGreaterP is null ? null : AtOrAbove(Pairs - U);

    /// <summary>Exact p of the first sample lying higher; null as <see cref="ExactP"/>.</summary>
    public double? ExactGreaterP => Tied || (long)FirstCount * SecondCount * (FirstCount + SecondCount) > LargestExact ? null : AtOrAbove(U);

    /// <summary>The test.</summary>
    /// <exception cref="ArgumentException">A sample is empty.</exception>
    public static MannWhitneyTest Of(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (first.Count == 0 || second.Count == 0)
            throw new ArgumentException($"two samples are compared; they hold {first.Count} and {second.Count} values", nameof(first));
        double[] all = [.. first, .. second];
        double n = first.Count, m = second.Count, both = n + m;
        var u = Ranks.Mid(all).Take(first.Count).Sum() - (n * (n + 1) / 2);
        var ties = Ranks.TieCounts(all).Sum(t => ((double)t * t * t) - t);
        return new MannWhitneyTest(u, first.Count, second.Count, Math.Sqrt(Math.Max(0, n * m / 12 * (both + 1 - (ties / (both * (both - 1)))))))
        {
            Tied = ties > 0,
        };
    }

    private double Tail(double u, double correction) =>
        Error == 0 ? 1 : Normal.Standard.UpperTail((u - (Pairs / 2) - correction) / Error);

    // ways[u]: arrangements of i of the first and all of the second sample with that U, as a share of all arrangements (Mann and Whitney's recursion).
    private double AtOrAbove(double u)
    {
        int n = FirstCount, m = SecondCount;
        var rows = new double[n + 1][];
        for (var i = 0; i <= n; i++)
            rows[i] = [1];
        for (var j = 1; j <= m; j++)
        {
            var before = new double[] { 1 };
            rows[0] = before;
            for (var i = 1; i <= n; i++)
            {
                // The largest value belongs to the first sample (and beats all j) with a chance of i/(i + j).
                var now = new double[(i * j) + 1];
                for (var k = 0; k < before.Length; k++)
                    now[k + j] += before[k] * i / (i + j);
                for (var k = 0; k < rows[i].Length; k++)
                    now[k] += rows[i][k] * j / (i + j);
                rows[i] = before = now;
            }
        }

        return Math.Min(1, rows[n].Skip((int)Math.Ceiling(u)).Sum());
    }
}
