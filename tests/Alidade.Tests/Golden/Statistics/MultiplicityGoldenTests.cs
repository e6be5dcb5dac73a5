using Alidade.Core.Statistics;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

[Golden("statistics/multiplicity.json")]
public sealed class MultiplicityGoldenTests
{
    private static readonly Dictionary<string, Check> Checks = new Dictionary<string, Func<IReadOnlyList<double>, double[]>>
    {
        ["bonferroni"] = Multiplicity.Bonferroni,
        ["sidak"] = Multiplicity.Sidak,
        ["holm"] = Multiplicity.Holm,
        ["holm-sidak"] = Multiplicity.HolmSidak,
        ["simes-hochberg"] = Multiplicity.Hochberg,
        ["hommel"] = Multiplicity.Hommel,
        ["fdr_bh"] = Multiplicity.BenjaminiHochberg,
        ["fdr_by"] = Multiplicity.BenjaminiYekutieli,
    }.ToDictionary(p => p.Key, p => (Check)(e =>
    {
        var adjusted = p.Value(e.Doubles("p"));
        e.Part("adjusted").Is(adjusted, 1e-12);
        e.Same(e.Expected.GetProperty("reject_0.05").EnumerateArray().Select(v => v.GetInt32()), adjusted.Select(a => a <= 0.05 ? 1 : 0));
    }));

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("multiplicity");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Adjusted_p_equal_the_reference(string path) => StatisticsEntry.Run(path, Checks);
}
