using Alidade.Core.Statistics;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

[Golden("statistics/means.json")]
public sealed class MeanGoldenTests
{
    private const double Tolerance = 1e-12;

    private static readonly Dictionary<string, Check> Checks = new()
    {
        ["n"] = e => e.Same(e.Expected.GetInt32(), Mean.Of(e.Doubles("x")).Count),
        ["clusters"] = e => e.Same(e.Expected.GetInt32(), Mean.Clustered(e.Doubles("x"), e.Names("cluster")).Clusters),
        ["mean"] = e => e.IsRelative(Mean.Value(e.Doubles("x")), Tolerance),
        ["sample_sd"] = e => e.IsRelative(Mean.SampleDeviation(e.Doubles("x")), Tolerance),
        ["population_sd"] = e => e.IsRelative(Mean.PopulationDeviation(e.Doubles("x")), Tolerance),
        ["sample_variance"] = e => e.IsRelative(Mean.SampleVariance(e.Doubles("x")), Tolerance),
        ["stderr"] = e => e.IsRelative(Mean.Of(e.Doubles("x")).StandardError, Tolerance),
        ["stderr_simple"] = e => e.IsRelative(Mean.Of(e.Doubles("x")).StandardError, Tolerance),
        ["ci95_t"] = e => e.Is(Mean.Of(e.Doubles("x")).Interval(), Tolerance),
        ["ci95_normal"] = e => e.Is(Mean.Of(e.Doubles("x")).NormalInterval(), Tolerance),
        ["ci95_1_96"] = e => e.Is(Mean.Of(e.Doubles("x")).Around(1.96, 0.95, "1.96"), Tolerance),
        ["stderr_cluster"] = e => e.IsRelative(Clustered(e, Mean.Clustered).StandardError, Tolerance),
        ["stderr_cluster_uncorrected"] = e =>
        {
            var actual = Clustered(e, Mean.ClusteredUncorrected);
            if (actual.Clusters == 1)
                e.Departs("one cluster gives the reference a rounding error and Alidade no standard error", double.IsNaN(actual.StandardError) && e.Expected.GetDouble() < 1e-8);
            else
                e.IsRelative(actual.StandardError, Tolerance);
        },
        ["stderr_cluster_miller"] = e =>
        {
            var (x, clusters) = (e.Doubles("x"), e.Names("cluster"));
            var squares = Mean.ClusterSquares(x, clusters);
            e.IsRelative(Math.Sqrt(Mean.MillerVariance(Mean.SampleVariance(x), squares.Squares, x.Length)), Tolerance);
            var actual = Mean.ClusteredMiller(x, clusters);
            e.Same(squares.Clusters > 1, double.IsFinite(actual.StandardError));
        },
        ["weighted_mean"] = e => e.IsRelative(Group(e).WeightedMean, Tolerance),
        ["unweighted_mean"] = e => e.IsRelative(Group(e).UnweightedMean, Tolerance),
        ["pooled_stderr"] = e => e.IsRelative(Group(e).WeightedError, Tolerance),
        ["unweighted_mean_stderr"] = e => e.IsRelative(Group(e).UnweightedError, Tolerance),
    };

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("means");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Means_equal_the_reference(string path) => StatisticsEntry.Run(path, Checks);

    private static MeanEstimate Clustered(StatisticsEntry e, Func<IReadOnlyList<double>, IReadOnlyList<string>, MeanEstimate> estimate) =>
        estimate(e.Doubles("x"), e.Names("cluster"));

    private static TaskGroup Group(StatisticsEntry e) =>
        TaskGroup.Of([.. e.Doubles("means").Zip(e.Doubles("stderrs"), e.Ints("sizes"))]);
}
