using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Correlation;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

[Golden("statistics/correlation.json")]
public sealed class CorrelationGoldenTests
{
    private const double Tolerance = 1e-10;

    private static readonly Dictionary<string, Check> Checks = new()
    {
        ["pearson"] = e =>
        {
            var estimate = PearsonCorrelation.Of(e.Doubles("x"), e.Doubles("y"));
            e.Part("r").Is(estimate.Value, Tolerance);
            e.Part("p").Is(estimate.P, Tolerance);
            e.Part("ci95_fisher").Is(estimate.Interval(), Tolerance);
        },
        ["spearman"] = e =>
        {
            var estimate = SpearmanCorrelation.Of(e.Doubles("x"), e.Doubles("y"));
            e.Part("rho").Is(estimate.Value, Tolerance);
            e.Part("p_t").Is(estimate.P, Tolerance);
        },
        ["kendall_tau_b"] = e =>
        {
            e.Part("tau").Is(Kendall(e).B, Tolerance);
            e.Part("p_asymptotic").Is(Kendall(e).P, Tolerance);
            e.Same(e.Expected.TryGetProperty("p_exact", out _), Kendall(e).ExactP is not null);
            if (Kendall(e).ExactP is { } exact)
                e.Part("p_exact").Is(exact, Tolerance);
        },
        ["kendall_tau_c"] = e => e.Is(Kendall(e).C, Tolerance),
        ["somers_d_y_given_x"] = e => e.Is(Kendall(e).SomersD, Tolerance),
        ["partial_pearson_given_c"] = e =>
        {
            var estimate = PartialCorrelation.Pearson(e.Doubles("x"), e.Doubles("y"), e.Doubles("c"));
            e.Part("r").Is(estimate.Value, Tolerance);
            e.Part("p").Is(estimate.P, Tolerance);
            e.Part("df").Is(estimate.Degrees, Tolerance);
        },
        ["partial_spearman_given_c"] = e => e.Is(PartialCorrelation.Spearman(e.Doubles("x"), e.Doubles("y"), e.Doubles("c")).Value, Tolerance),
        ["partial_pearson"] = e => e.Is(PartialCorrelation.WithinGroups(e.Doubles("x"), e.Doubles("y"), e.Names("group")).Value, Tolerance),
        ["average"] = e => e.Is(Ranks.Mid(e.Doubles("x")), 0),
        ["min"] = e => e.Is(Ranks.Least(e.Doubles("x")), 0),
        ["max"] = e => e.Is(Ranks.Greatest(e.Doubles("x")), 0),
        ["dense"] = e => e.Is(Ranks.Dense(e.Doubles("x")), 0),
        ["ordinal"] = e => e.Is(Ranks.Ordinal(e.Doubles("x")), 0),
    };

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("correlation");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Correlations_equal_the_reference(string path) => StatisticsEntry.Run(path, Checks);

    private static KendallTau Kendall(StatisticsEntry e) => KendallTau.Of(e.Doubles("x"), e.Doubles("y"));
}
