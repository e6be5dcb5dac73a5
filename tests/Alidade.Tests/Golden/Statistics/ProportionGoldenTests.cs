using System.Text.Json;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

[Golden("statistics/proportions.json")]
public sealed class ProportionGoldenTests
{
    private const double Tolerance = 1e-10;

    private static readonly Dictionary<string, Check> Checks = new()
    {
        // One share, two on different items, two on the same items: the case tells.
        ["wald"] = e => e.Is(
            e.Has("k") ? Proportion.Wald(e.Int("k"), e.Int("n"), Level(e)) : e.Has("k1") ? Independent(e).Wald(Level(e)) : Paired(e).Wald(Level(e)), Tolerance),
        ["difference"] = e => e.Is(e.Has("k1") ? Independent(e).Difference : Paired(e).Difference, Tolerance),
        ["wilson"] = e => One(e, Proportion.Wilson),
        ["wilson_continuity"] = e => One(e, Proportion.WilsonCorrected),
        ["clopper_pearson"] = e => One(e, Proportion.ClopperPearson),
        ["agresti_coull"] = e => One(e, Proportion.AgrestiCoull),
        ["agresti_coull_unclipped"] = e => One(e, Proportion.AgrestiCoullUncut),
        ["jeffreys"] = e => One(e, Proportion.JeffreysUnmodified),
        ["jeffreys_brown"] = e => One(e, Proportion.Jeffreys),
        ["newcombe_hybrid_score"] = e => e.Is(Independent(e).Newcombe(Level(e)), Tolerance),
        ["agresti_caffo"] = e => e.Is(Independent(e).AgrestiCaffo(Level(e)), Tolerance),
        ["miettinen_nurminen_score"] = e =>
        {
            var actual = Independent(e).MiettinenNurminen(Level(e));
            if (e.Expected.ValueKind == JsonValueKind.Null)
                e.Departs("the reference finds no root", actual.Low <= Independent(e).Difference && Independent(e).Difference <= actual.High && actual.Low < actual.High);
            else
                // The reference has k₂ where Miettinen and Nurminen have n₂. With that it is met; without it the interval solves their equations (ProportionTests).
                e.Is(Independent(e).ScoreInterval(Level(e), e.Int("k2"), "as the reference"), 1e-6);
        },
        ["pooled_z"] = e => e.Is(Independent(e).PooledTest().Z, Tolerance),
        ["pooled_p"] = e => e.Is(Independent(e).PooledTest().P, Tolerance),
        ["fisher_exact_p"] = e => e.Is(Independent(e).FisherP(), Tolerance),
        ["newcombe_method10"] = e => e.Is(Paired(e).Newcombe(Level(e)), Tolerance),
        ["newcombe_method8"] = e => e.Is(Paired(e).NewcombeUncorrected(Level(e)), Tolerance),
        ["bonett_price"] = e => e.Is(Paired(e).BonettPrice(Level(e)), Tolerance),
        ["agresti_min_wald_plus2"] = e => e.Is(Paired(e).AgrestiMin(Level(e)), Tolerance),
        ["stderr_wald"] = e => e.Is(Paired(e).StandardError, Tolerance),
    };

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("proportions");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Intervals_of_shares_equal_the_reference(string path) => StatisticsEntry.Run(path, Checks);

    private static void One(StatisticsEntry e, Func<int, int, double, Interval> interval) => e.Is(interval(e.Int("k"), e.Int("n"), Level(e)), Tolerance);

    private static double Level(StatisticsEntry e) => e.Double("confidence");

    private static IndependentProportions Independent(StatisticsEntry e) => new(e.Int("k1"), e.Int("n1"), e.Int("k2"), e.Int("n2"));

    private static PairedProportions Paired(StatisticsEntry e) => new(e.Int("a"), e.Int("b"), e.Int("c"), e.Int("d"));
}
