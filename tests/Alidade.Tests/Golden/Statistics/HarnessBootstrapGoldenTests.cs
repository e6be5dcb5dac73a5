using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Statistics;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

[Golden("statistics/bootstrap_lmeval.json")]
public sealed class HarnessBootstrapGoldenTests
{
    private const double Tolerance = 1e-10;

    private static readonly Dictionary<string, Check> Checks = new()
    {
        ["point"] = e => e.Is(Resampled(e).Statistic, Tolerance),
        ["first_indices"] = e =>
        {
            var iterations = e.Int("iters");
            var chunk = Math.Min(1_000, iterations);
            var draws = HarnessBootstrap.Draws(e.Case.GetProperty("xs").GetArrayLength(), chunk, iterations / chunk).ToArray();
            foreach (var draw in e.Expected.EnumerateArray())
                e.Same(
                    draw.GetProperty("indices").EnumerateArray().Select(i => i.GetInt32()),
                    draws[(draw.GetProperty("chunk").GetInt32() * chunk) + draw.GetProperty("draw").GetInt32()]);
        },
        ["first_replicates"] = e => e.Is([.. Resampled(e).Replicates.Take(e.Expected.GetArrayLength())], Tolerance),
        ["n_replicates"] = e => e.Same(e.Expected.GetInt32(), Resampled(e).Replicates.Count),
        ["stderr"] = e => e.Is(Resampled(e).StandardError, Tolerance),
    };

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("bootstrap_lmeval");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Draws_and_standard_errors_equal_the_harness(string path) => StatisticsEntry.Run(path, Checks);

    private static BootstrapResult Resampled(StatisticsEntry e)
    {
        var items = e.Case.GetProperty("xs").EnumerateArray().ToArray();
        return HarnessBootstrap.Of(items.Length, Statistic(e.Case.GetProperty("name").GetString()!, items), e.Int("iters"));
    }

    private static Func<int[], double> Statistic(string name, JsonElement[] items)
    {
        double[] values = [.. items.Where(i => i.ValueKind != JsonValueKind.Array).Select(StatisticsEntry.Number)];
        var pairs = items.Where(i => i.ValueKind == JsonValueKind.Array).Select(i => (Gold: i[0].GetInt32(), Said: i[1].GetInt32())).ToArray();
        Confusion Table(int[] draw) => Confusion.Of([.. draw.Select(i => pairs[i].Gold)], [.. draw.Select(i => pairs[i].Said)], 2);
        return name.Split(',')[0].Split(' ')[0] switch
        {
            "mean" => draw => draw.Average(i => values[i]),
            "median" => draw => draw.Select(i => values[i]).Order().ElementAt(draw.Length / 2),
            "perplexity" => draw => Math.Exp(-draw.Average(i => values[i])),
            "nanmean" => draw => draw.Select(i => values[i]).Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN).Average(),
            "f1" => draw => Table(draw).PerClass[1].F1,
            "matthews_corrcoef" => draw => Table(draw).MatthewsCorrelation,
            var other => throw new NotBuiltException($"the bootstrap of '{other}'"),
        };
    }
}
