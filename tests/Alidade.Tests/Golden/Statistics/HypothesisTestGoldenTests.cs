using Alidade.Core.Statistics;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

[Golden("statistics/tests.json")]
public sealed class HypothesisTestGoldenTests
{
    private const double Tolerance = 1e-10;

    private static readonly Dictionary<string, Check> Checks = new()
    {
        ["mcnemar/exact_p"] = e => e.Is(McNemar.ExactP(e.Int("b"), e.Int("c")), Tolerance),
        ["mcnemar/midp"] = e => e.Is(McNemar.MidP(e.Int("b"), e.Int("c")), Tolerance),
        ["mcnemar/chi2"] = e => e.Is(McNemar.ChiSquared(e.Int("b"), e.Int("c")).Statistic, Tolerance),
        ["mcnemar/chi2_p"] = e => e.Is(McNemar.ChiSquared(e.Int("b"), e.Int("c")).P, Tolerance),
        ["mcnemar/chi2_corrected"] = e => e.Is(McNemar.ChiSquaredCorrected(e.Int("b"), e.Int("c")).Statistic, Tolerance),
        ["mcnemar/chi2_corrected_p"] = e => e.Is(McNemar.ChiSquaredCorrected(e.Int("b"), e.Int("c")).P, Tolerance),
        ["binomial/two-sided"] = e => e.Is(BinomialTest.TwoSidedP(e.Int("k"), e.Int("n"), double.IsNaN(e.Suffix) ? 0.5 : e.Suffix), Tolerance),
        ["binomial/less"] = e => e.Is(BinomialTest.LessP(e.Int("k"), e.Int("n")), Tolerance),
        ["binomial/greater"] = e => e.Is(BinomialTest.GreaterP(e.Int("k"), e.Int("n")), Tolerance),
        ["two samples/wilcoxon_wilcox_approx"] = e => Wilcoxon(e, ZeroDifferences.Drop),
        ["two samples/wilcoxon_pratt_approx"] = e => Wilcoxon(e, ZeroDifferences.RankAndDrop),
        ["two samples/wilcoxon_zsplit_approx"] = e => Wilcoxon(e, ZeroDifferences.Split),
        ["two samples/wilcoxon_wilcox_approx_corrected"] = e => WilcoxonCorrected(e, ZeroDifferences.Drop),
        ["two samples/wilcoxon_pratt_approx_corrected"] = e => WilcoxonCorrected(e, ZeroDifferences.RankAndDrop),
        ["two samples/wilcoxon_zsplit_approx_corrected"] = e => WilcoxonCorrected(e, ZeroDifferences.Split),
        ["two samples/wilcoxon_exact"] = e => Pair(e, "statistic", t => t.Statistic, t => t.ExactP),
        ["two samples/wilcoxon_exact_less"] = e => Pair(e, "statistic", t => t.PositiveRanks, t => t.ExactLessP),
        ["two samples/wilcoxon_exact_greater"] = e => Pair(e, "statistic", t => t.PositiveRanks, t => t.ExactGreaterP),
        ["two samples/t_paired"] = e => Student(e, TTest.Paired(e.Differences("x", "y"))),
        ["two samples/t_unpaired"] = e => Student(e, TTest.Unpaired(e.Doubles("x"), e.Doubles("y"))),
        ["two samples/t_welch_vs_y2"] = e => Student(e, TTest.Welch(e.Doubles("x"), e.Doubles("y2"))),
        ["two samples/t_one_sample_d_vs"] = e => Student(e, TTest.OneSample(e.Differences("x", "y"), e.Suffix)),
        ["two samples/mannwhitney_asymptotic_two-sided"] = e => MannWhitney(e, t => t.P),
        ["two samples/mannwhitney_asymptotic_less"] = e => MannWhitney(e, t => t.LessP),
        ["two samples/mannwhitney_asymptotic_greater"] = e => MannWhitney(e, t => t.GreaterP),
        ["two samples/mannwhitney_asymptotic_no_continuity"] = e => MannWhitney(e, t => t.UncorrectedP),
        ["two samples/mannwhitney_exact_two-sided"] = e => MannWhitney(e, t => t.ExactP!.Value),
        ["two samples/mannwhitney_exact_less"] = e => MannWhitney(e, t => t.ExactLessP!.Value),
        ["two samples/mannwhitney_exact_greater"] = e => MannWhitney(e, t => t.ExactGreaterP!.Value),
        ["two samples/ks_2samp_asymp"] = e =>
        {
            var test = KolmogorovSmirnovTest.Of(e.Doubles("x"), e.Doubles("y"));
            e.Part("D").Is(test.D, Tolerance);
            e.Part("p").Is(test.P, Tolerance);
        },
        ["two samples/effect"] = e =>
        {
            double[] x = e.Doubles("x"), y = e.Doubles("y");
            e.Part("cohen_d_pooled").Is(EffectSize.CohenD(x, y), Tolerance);
            e.Part("cohen_dz_paired").Is(EffectSize.CohenDz(e.Differences("x", "y")), Tolerance);
            e.Part("hedges_g_exact").Is(EffectSize.HedgesG(x, y), Tolerance);
            e.Part("hedges_g_approx").Is(EffectSize.HedgesGApproximate(x, y), Tolerance);
            e.Part("glass_delta_y").Is(EffectSize.GlassDelta(x, y), Tolerance);
            e.Part("cliffs_delta").Is(EffectSize.CliffsDelta(x, y), Tolerance);
            e.Part("prob_superiority").Is(EffectSize.Superiority(x, y), Tolerance);
        },
        ["two samples/tost_paired_-1_1"] = e => Equivalent(e, Equivalence.Paired(e.Differences("x", "y"), -1, 1)),
        ["two samples/tost_welch_-1_1"] = e => Equivalent(e, Equivalence.Welch(e.Doubles("x"), e.Doubles("y"), -1, 1)),
        ["two samples/tost_pooled_-1_1"] = e => Equivalent(e, Equivalence.Unpaired(e.Doubles("x"), e.Doubles("y"), -1, 1)),
        ["permutation paired/statistic"] = e => e.Is(Permuted(e).Statistic, Tolerance),
        ["permutation paired/p_two_sided_abs"] = e => e.Is(Permuted(e).P, Tolerance),
        ["permutation paired/p_greater"] = e => e.Is(Permuted(e).GreaterP, Tolerance),
        ["permutation paired/p_less"] = e => e.Is(Permuted(e).LessP, Tolerance),
        ["permutation paired/scipy_p_two_sided"] = e => e.Is(Permuted(e).DoubledP, Tolerance),
        ["permutation paired/n_permutations"] = e => e.Same(e.Expected.GetInt64(), Permuted(e).Permutations),
        ["permutation independent/statistic"] = e => e.Is(Divided(e).Statistic, Tolerance),
        ["permutation independent/p_two_sided_abs"] = e => e.Is(Divided(e).P, Tolerance),
        ["permutation independent/p_greater"] = e => e.Is(Divided(e).GreaterP, Tolerance),
        ["permutation independent/p_less"] = e => e.Is(Divided(e).LessP, Tolerance),
        ["permutation independent/scipy_p_two_sided"] = e => e.Is(Divided(e).DoubledP, Tolerance),
        ["permutation independent/n_permutations"] = e => e.Same(e.Expected.GetInt64(), Divided(e).Permutations),
        ["cochran_q/Q"] = e => e.Is(Cochran(e).Q, Tolerance),
        ["cochran_q/p"] = e => e.Is(Cochran(e).P, Tolerance),
        ["cochran_q/df"] = e => e.Same(e.Expected.GetInt32(), Cochran(e).Degrees),
        ["chi2/chi2"] = e => e.Is(ChiSquaredTest.Of(e.Matrix("observed")).Statistic, Tolerance),
        ["chi2/p"] = e => e.Is(ChiSquaredTest.Of(e.Matrix("observed")).P, Tolerance),
        ["chi2/df"] = e => e.Same(e.Expected.GetInt32(), ChiSquaredTest.Of(e.Matrix("observed")).Degrees),
        ["chi2/expected"] = e => e.Is(ChiSquaredTest.Of(e.Matrix("observed")).Expected, Tolerance),
        ["chi2/cramers_v"] = e => e.Is(ChiSquaredTest.Of(e.Matrix("observed")).CramersV, Tolerance),
        ["groups/kruskal_H"] = e => e.Is(KruskalWallisTest.Of(e.Matrix("groups")).H, Tolerance),
        ["groups/kruskal_p"] = e => e.Is(KruskalWallisTest.Of(e.Matrix("groups")).P, Tolerance),
        ["groups/F"] = e => e.Is(AnovaTest.Of(e.Matrix("groups")).F, Tolerance),
        ["groups/F_p"] = e => e.Is(AnovaTest.Of(e.Matrix("groups")).P, Tolerance),
    };

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("tests");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Tests_equal_the_reference(string path) => StatisticsEntry.Run(path, Checks);

    private static void Student(StatisticsEntry e, TTest test)
    {
        e.Part("t").Is(test.T, Tolerance);
        e.Part("df").Is(test.Degrees, Tolerance);
        e.Part("p").Is(test.P, Tolerance);
        if (e.Expected.TryGetProperty("ci95", out _))
            e.Part("ci95").Is(test.Interval, Tolerance);
        if (e.Expected.TryGetProperty("p_less", out _))
        {
            e.Part("p_less").Is(test.LessP, Tolerance);
            e.Is("p_greater", 1, test.GreaterP + test.LessP, Tolerance);
        }
    }

    private static void Wilcoxon(StatisticsEntry e, ZeroDifferences zeros)
    {
        var test = WilcoxonTest.Of(e.Differences("x", "y"), zeros);
        e.Part("statistic").Is(test.Statistic, Tolerance);
        e.Part("p").Is(test.P, Tolerance);
        // The reference gives the z of the smaller sum.
        e.Part("z").Is(-Math.Abs(test.Z), Tolerance);
    }

    private static void WilcoxonCorrected(StatisticsEntry e, ZeroDifferences zeros)
    {
        var test = WilcoxonTest.Of(e.Differences("x", "y"), zeros);
        e.Part("statistic").Is(test.Statistic, Tolerance);
        e.Part("p").Is(test.CorrectedP, Tolerance);
        e.Part("z").Is(-test.CorrectedZ, Tolerance);
    }

    private static void Pair(StatisticsEntry e, string statistic, Func<WilcoxonTest, double> value, Func<WilcoxonTest, double?> p)
    {
        var test = WilcoxonTest.Of(e.Differences("x", "y"));
        e.Part(statistic).Is(value(test), Tolerance);
        e.Part("p").Is(p(test)!.Value, Tolerance);
    }

    private static void MannWhitney(StatisticsEntry e, Func<MannWhitneyTest, double> p)
    {
        var test = MannWhitneyTest.Of(e.Doubles("x"), e.Doubles("y"));
        e.Part("U").Is(test.U, Tolerance);
        e.Part("p").Is(p(test), Tolerance);
    }

    private static void Equivalent(StatisticsEntry e, Equivalence test)
    {
        e.Part("p").Is(test.P, Tolerance);
        foreach (var (side, one) in new[] { ("lower", test.Lower), ("upper", test.Upper) })
        {
            e.Part(side).Part("t").Is(one.T, Tolerance);
            e.Part(side).Part("p").Is(one.P, Tolerance);
            e.Part(side).Part("df").Is(test.Degrees, Tolerance);
        }
    }

    private static PermutationTest Permuted(StatisticsEntry e) => PermutationTest.Paired(e.Differences("x", "y"));

    private static PermutationTest Divided(StatisticsEntry e) => PermutationTest.Independent(e.Doubles("x"), e.Doubles("y"));

    private static CochranQTest Cochran(StatisticsEntry e) => CochranQTest.Of([.. e.IntRows("x").Select(row => row.Select(v => v == 1).ToArray())]);
}
