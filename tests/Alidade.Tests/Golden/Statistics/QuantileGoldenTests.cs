using Alidade.Core.Statistics;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

[Golden("statistics/quantiles.json")]
public sealed class QuantileGoldenTests
{
    private static readonly Dictionary<string, Check> Checks = new Dictionary<string, QuantileRule>
    {
        ["type1"] = QuantileRule.InvertedCdf,
        ["type2"] = QuantileRule.AveragedInvertedCdf,
        ["type5"] = QuantileRule.Hazen,
        ["type6"] = QuantileRule.Weibull,
        ["type7"] = QuantileRule.Linear,
        ["type8"] = QuantileRule.MedianUnbiased,
        ["type9"] = QuantileRule.NormalUnbiased,
        ["lower"] = QuantileRule.Lower,
        ["higher"] = QuantileRule.Higher,
        ["nearest"] = QuantileRule.Nearest,
        ["midpoint"] = QuantileRule.Midpoint,
    }.ToDictionary(p => p.Key, p => (Check)(e => e.Is([.. e.Doubles("p").Select(share => Quantile.Of(e.Doubles("x"), share, p.Value))], 1e-14)));

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("quantiles");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Quantiles_equal_the_reference(string path) => StatisticsEntry.Run(path, Checks);
}
