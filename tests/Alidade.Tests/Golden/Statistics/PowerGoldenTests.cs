using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Power;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

[Golden("statistics/power.json")]
public sealed class PowerGoldenTests
{
    private const double Tolerance = 1e-8;

    private static readonly Dictionary<string, Check> Checks = new()
    {
        ["t/paired_or_one_sample_t_n"] = e => e.Is(MeanPower.PairsFor(e.Double("d"), e.Double("power"), e.Double("alpha")).Exact, Tolerance),
        ["t/two_sample_t_n_per_group"] = e => e.Is(MeanPower.PerGroupFor(e.Double("d"), e.Double("power"), e.Double("alpha")).Exact, Tolerance),
        ["t/two_sample_z_n_per_group"] = e => e.Is(MeanPower.PerGroupForNormal(e.Double("d"), e.Double("power"), e.Double("alpha")).Exact, Tolerance),
        ["t/paired_n_ceil"] = e => e.Same(e.Expected.GetInt32(), MeanPower.PairsFor(e.Double("d"), e.Double("power"), e.Double("alpha")).Count),
        ["t/two_sample_n_ceil"] = e => e.Same(e.Expected.GetInt32(), MeanPower.PerGroupFor(e.Double("d"), e.Double("power"), e.Double("alpha")).Count),
        ["t/power_paired_t_n10"] = e => e.Is(MeanPower.Paired(e.Double("d"), 10, e.Double("alpha")), Tolerance),
        ["t/power_paired_t_n50"] = e => e.Is(MeanPower.Paired(e.Double("d"), 50, e.Double("alpha")), Tolerance),
        ["t/power_paired_t_n200"] = e => e.Is(MeanPower.Paired(e.Double("d"), 200, e.Double("alpha")), Tolerance),
        ["t/power_two_sample_t_n10"] = e => e.Is(MeanPower.Unpaired(e.Double("d"), 10, e.Double("alpha")), Tolerance),
        ["t/power_two_sample_t_n50"] = e => e.Is(MeanPower.Unpaired(e.Double("d"), 50, e.Double("alpha")), Tolerance),
        ["t/power_two_sample_t_n200"] = e => e.Is(MeanPower.Unpaired(e.Double("d"), 200, e.Double("alpha")), Tolerance),
        ["two proportions/cohen_h"] = e => e.Is(EffectSize.CohenH(e.Double("p1"), e.Double("p2")), Tolerance),
        ["two proportions/n_per_group_arcsine"] = e => Shares(e, ProportionPower.PerGroupByArcsine),
        ["two proportions/n_per_group_normal_pooled"] = e => Shares(e, ProportionPower.PerGroupPooled),
        ["two proportions/n_per_group_normal_unpooled"] = e => Shares(e, ProportionPower.PerGroupUnpooled),
        ["paired proportions/n_pairs_connor"] = e => e.Is(PairedProportionPower.Pairs(e.Double("p10"), e.Double("p01"), e.Double("power"), e.Double("alpha")).Exact, Tolerance),
        ["paired proportions/n_pairs_unconditional_wald"] = e =>
            e.Is(PairedProportionPower.PairsByWald(e.Double("p10"), e.Double("p01"), e.Double("power"), e.Double("alpha")).Exact, Tolerance),
        ["paired proportions/exact_mcnemar_power"] = e =>
            e.Part("power").Is(PairedProportionPower.Exact(e.Double("p10"), e.Double("p01"), e.Expected.GetProperty("n").GetInt32(), e.Double("alpha")), Tolerance),
        ["paired proportions/normal_power"] = e =>
            e.Part("power").Is(PairedProportionPower.Approximate(e.Double("p10"), e.Double("p01"), e.Expected.GetProperty("n").GetInt32(), e.Double("alpha")), Tolerance),
        ["evaluation/n"] = e => e.Is(Evaluation(e).Questions(e.Double("delta"), e.Double("power"), e.Double("alpha")).Exact, Tolerance),
        ["evaluation/mde_at_n_1000"] = e => e.Is(Evaluation(e).LeastDifference(1000, e.Double("power"), e.Double("alpha")), Tolerance),
    };

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("power");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Power_and_sample_sizes_equal_the_reference(string path) => StatisticsEntry.Run(path, Checks);

    private static void Shares(StatisticsEntry e, Func<double, double, double, double, SampleSize> size) =>
        e.Is(size(e.Double("p1"), e.Double("p2"), e.Double("power"), e.Double("alpha")).Exact, Tolerance);

    private static EvaluationPower Evaluation(StatisticsEntry e) => new(e.Double("omega2"), e.Double("sigma2_a"), e.Double("sigma2_b"), e.Int("K_a"), e.Int("K_b"));
}
