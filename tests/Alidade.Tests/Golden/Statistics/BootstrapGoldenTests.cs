using Alidade.Core;
using Alidade.Core.Statistics;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

[Golden("statistics/bootstrap.json")]
public sealed class BootstrapGoldenTests
{
    private const double Tolerance = 1e-12;

    private static readonly Dictionary<string, Check> Checks = new()
    {
        ["statistic"] = e => e.Is(Resampled(e).Statistic, Tolerance),
        ["difference"] = e => e.Is(Resampled(e).Statistic, Tolerance),
        ["mean"] = e => e.Is(Resampled(e).Statistic, Tolerance),
        ["replicates"] = e => e.Is(Resampled(e).Replicates, Tolerance),
        ["stderr_ddof1"] = e => e.Is(Resampled(e).StandardError, Tolerance),
        ["percentile"] = e => e.Is(Resampled(e).Percentile(e.Suffix), Tolerance),
        ["basic"] = e => e.Is(Resampled(e).Basic(e.Suffix), Tolerance),
        ["bca"] = e => e.Is(Bca(e).Interval, Tolerance),
        ["bca_detail"] = e => e.IsEach(
            name => name switch
            {
                "z0" => Bca(e).Bias,
                "acceleration" => Bca(e).Acceleration,
                "alpha_lower" => Bca(e).LowerShare,
                "alpha_upper" => Bca(e).UpperShare,
                _ => throw new NotBuiltException(name),
            },
            Tolerance),
        ["p_two_sided"] = e => e.Is(Resampled(e).TwoSidedP, Tolerance),
    };

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("bootstrap");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Intervals_of_given_resamples_equal_the_reference(string path) => StatisticsEntry.Run(path, Checks);

    private static BcaInterval Bca(StatisticsEntry e) =>
        BcaInterval.Of(Resampled(e), Bootstrap.LeaveOneOut(e.Doubles("x").Length, Statistic(e)), e.Suffix)!;

    private static BootstrapResult Resampled(StatisticsEntry e)
    {
        var draws = e.IntRows("indices");
        if (e.Has("a"))
        {
            var differences = e.Differences("a", "b");
            return Bootstrap.Run(Mean.Value(differences), Bootstrap.MeanOf(differences), draws, "given");
        }

        var x = e.Doubles("x");
        if (e.Has("cluster"))
        {
            var (sums, counts) = Bootstrap.ClusterSums(x, e.Names("cluster"));
            return Bootstrap.Run(Mean.Value(x), Bootstrap.ClusteredMeanOf(sums, counts), draws, "given");
        }

        var statistic = Statistic(e);
        return Bootstrap.Run(statistic([.. Enumerable.Range(0, x.Length)]), statistic, draws, "given");
    }

    private static Func<int[], double> Statistic(StatisticsEntry e)
    {
        var x = e.Doubles("x");
        return e.Case.GetProperty("statistic").GetString() switch
        {
            "mean" => Bootstrap.MeanOf(x),
            "median" => draw => Quantile.Of(draw.Select(i => x[i]), 0.5),
            "sample_sd" => draw => Mean.SampleDeviation([.. draw.Select(i => x[i])]),
            var other => throw new NotBuiltException($"the bootstrap of '{other}'"),
        };
    }
}
