using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Agreement;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

[Golden("statistics/agreement.json")]
public sealed class AgreementGoldenTests
{
    private const double Tolerance = 1e-12;

    private static readonly Dictionary<string, Check> Checks = new()
    {
        ["two raters/percent_agreement"] = e => e.Is(CohenKappa.Of(Table(e)).Agreement, Tolerance),
        ["two raters/kappa"] = e => e.Is(CohenKappa.Of(Table(e)).Value, Tolerance),
        ["two raters/kappa_linear"] = e => e.Is(CohenKappa.LinearlyWeighted(Table(e)), Tolerance),
        ["two raters/kappa_quadratic"] = e => e.Is(CohenKappa.QuadraticallyWeighted(Table(e)), Tolerance),
        ["two raters/kappa_se"] = e => e.Is(CohenKappa.Of(Table(e)).StandardError, Tolerance),
        ["two raters/kappa_se_null"] = e => e.Is(CohenKappa.Of(Table(e)).NullError, Tolerance),
        ["two raters/kappa_ci95"] = e => e.Is(CohenKappa.Of(Table(e)).Interval(), Tolerance),
        ["two raters/scott_pi"] = e => e.Is(ScottPi.Of(Table(e)), Tolerance),
        ["two raters/gwet_ac1"] = e => e.Is(GwetAc1.Of(Table(e)), Tolerance),
        ["fleiss/fleiss_kappa"] = e => e.Is(FleissKappa.Of(e.IntRows("x"), e.Int("labels")).Value, Tolerance),
        ["fleiss/randolph_kappa"] = e => e.Is(FleissKappa.Of(e.IntRows("x"), e.Int("labels")).FreeMarginal, Tolerance),
        ["fleiss/mean_observed"] = e => e.Is(FleissKappa.Of(e.IntRows("x"), e.Int("labels")).Agreement, Tolerance),
        ["fleiss/expected"] = e => e.Is(FleissKappa.Of(e.IntRows("x"), e.Int("labels")).Chance, Tolerance),
        ["krippendorff/nominal"] = e => e.Is(Alpha(e, MeasurementLevel.Nominal), Tolerance),
        ["krippendorff/ordinal"] = e => e.Is(Alpha(e, MeasurementLevel.Ordinal), Tolerance),
        ["krippendorff/interval"] = e => e.Is(Alpha(e, MeasurementLevel.Interval), Tolerance),
        ["krippendorff/ratio"] = e => e.Is(Alpha(e, MeasurementLevel.Ratio), Tolerance),
    };

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("agreement");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Agreement_equals_the_reference(string path) => StatisticsEntry.Run(path, Checks);

    private static Confusion Table(StatisticsEntry e) => Confusion.Of(e.Ints("a"), e.Ints("b"), e.Int("labels"));

    private static double Alpha(StatisticsEntry e, MeasurementLevel level) =>
        KrippendorffAlpha.Of([.. e.Matrix("x").Select(row => row.Select(v => double.IsNaN(v) ? (double?)null : v).ToArray())], level).Value;
}
