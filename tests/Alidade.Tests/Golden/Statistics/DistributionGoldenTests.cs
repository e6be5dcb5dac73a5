using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Statistics.Distributions;
using MathNet.Numerics;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

/// <summary>Both tails, densities and quantiles, relative 1e-12 down to 1e-290; the special functions that they stand on.</summary>
[Golden("statistics/distributions_cdf.json")]
[Golden("statistics/distributions_quantile.json")]
[Golden("statistics/special_functions.json")]
public sealed class DistributionGoldenTests
{
    private const double Tolerance = 1e-12;
    private const double Smallest = 1e-290;

    private static readonly Dictionary<string, Func<JsonElement, IDistribution>> Distributions = new()
    {
        ["normal"] = _ => Normal.Standard,
        ["t"] = p => new StudentT(p.GetProperty("df").GetDouble()),
        ["chi2"] = p => new ChiSquared(p.GetProperty("df").GetDouble()),
        ["F"] = p => new FisherF(p.GetProperty("df1").GetDouble(), p.GetProperty("df2").GetDouble()),
        ["beta"] = p => new Beta(p.GetProperty("a").GetDouble(), p.GetProperty("b").GetDouble()),
        ["binomial"] = p => new Binomial(p.GetProperty("n").GetInt32(), p.GetProperty("p").GetDouble()),
    };

    private static readonly Dictionary<string, Check> Checks = new(Distributions.Keys.SelectMany(name => new KeyValuePair<string, Check>[]
    {
        new($"{name}/cdf", e => e.IsRelative(Of(e).Cdf(e.Double("x")), Tolerance, Smallest)),
        new($"{name}/sf", e => e.IsRelative(Of(e).UpperTail(e.Double("x")), Tolerance, Smallest)),
        new($"{name}/pdf", e => e.IsRelative(Of(e).Density(e.Double("x")), Tolerance, Smallest)),
        new($"{name}/quantile", e => e.IsRelative(Of(e).Quantile(e.Double("p")), Tolerance)),
    }))
    {
        // MathNet's, on which the distributions stand.
        ["digamma/value"] = e => e.Is(SpecialFunctions.DiGamma(e.Double("x")), Tolerance),
        ["erfc/value"] = e => e.IsRelative(SpecialFunctions.Erfc(e.Double("x")), Tolerance, Smallest),
        ["erfinv/value"] = e => e.IsRelative(SpecialFunctions.ErfInv(e.Double("x")), Tolerance),
        ["lgamma/value"] = e => e.Is(SaddlePoint.LogGamma(e.Double("x")), Tolerance),
        ["lbeta/value"] = e => e.IsRelative(SaddlePoint.LogBeta(e.Double("a"), e.Double("b")), Tolerance),
        ["noncentral_t_cdf/value"] = e => e.Is(new NoncentralT(e.Double("df"), e.Double("nc")).Cdf(e.Double("t")), Tolerance),
    };

    public static IEnumerable<TheoryDataRow<string>> Results() =>
        new[] { "distributions_cdf", "distributions_quantile", "special_functions" }.SelectMany(StatisticsEntry.Rows);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Distributions_equal_the_reference(string path) => StatisticsEntry.Run(path, Checks);

    private static IDistribution Of(StatisticsEntry e) =>
        Distributions.TryGetValue(e.Case.GetProperty("distribution").GetString()!, out var make) ? make(e.Case.GetProperty("parameters"))
            : throw new NotBuiltException($"the distribution {e.Case.GetProperty("distribution")}");
}
