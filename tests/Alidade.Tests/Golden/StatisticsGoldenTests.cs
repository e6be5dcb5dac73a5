using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Core.Statistics;

namespace Alidade.Tests.Golden;

/// <summary>
/// One row for each result that a statistics file holds (<c>statistics/tests/mcnemar/midp</c>); the row checks it in every case that has it. A result that nothing
/// computes yet is listed as not built.
/// </summary>
[Golden("statistics/means.json")]
[Golden("statistics/bootstrap.json")]
[Golden("statistics/proportions.json")]
[Golden("statistics/tests.json")]
[Golden("statistics/classification.json")]
[Golden("statistics/quantiles.json")]
public sealed class StatisticsGoldenTests
{
    private delegate void Check(GoldenCase golden, string name, JsonElement inputs, JsonElement expected);

    private static readonly Dictionary<string, Check> Built = new()
    {
        ["means/n"] = (g, name, x, e) => g.Equal(name, e.GetInt32(), Mean.Of(Doubles(x, "x")).Count),
        ["means/clusters"] = (g, name, x, e) => g.Equal(name, e.GetInt32(), Mean.Clustered(Doubles(x, "x"), Names(x, "cluster")).Clusters!.Value),
        ["means/mean"] = (g, name, x, e) => Relative(g, name, Number(e), Mean.Value(Doubles(x, "x")), 1e-12),
        ["means/sample_sd"] = (g, name, x, e) => Relative(g, name, Number(e), Mean.SampleDeviation(Doubles(x, "x")), 1e-12),
        ["means/sample_variance"] = (g, name, x, e) => Relative(g, name, Number(e), Mean.SampleVariance(Doubles(x, "x")), 1e-12),
        ["means/stderr"] = (g, name, x, e) => Relative(g, name, Number(e), Mean.Of(Doubles(x, "x")).StandardError, 1e-12),
        ["means/stderr_simple"] = (g, name, x, e) => Relative(g, name, Number(e), Mean.Of(Doubles(x, "x")).StandardError, 1e-12),
        ["means/stderr_cluster"] = (g, name, x, e) => Relative(g, name, Number(e), Mean.Clustered(Doubles(x, "x"), Names(x, "cluster")).StandardError, 1e-12),
        ["means/ci95_t"] = (g, name, x, e) => Pair(g, name, e, Mean.Of(Doubles(x, "x")).Interval()!, 1e-12),
        ["bootstrap/statistic"] = (g, name, x, e) => Near(g, name, Number(e), Resampled(x).Statistic, 1e-12),
        ["bootstrap/difference"] = (g, name, x, e) => Near(g, name, Number(e), Resampled(x).Statistic, 1e-12),
        ["bootstrap/mean"] = (g, name, x, e) => Near(g, name, Number(e), Resampled(x).Statistic, 1e-12),
        ["bootstrap/replicates"] = (g, name, x, e) => g.Close(name, [.. e.EnumerateArray().Select(Number)], Resampled(x).Replicates, 1e-12),
        ["bootstrap/stderr_ddof1"] = (g, name, x, e) => Near(g, name, Number(e), Resampled(x).StandardError, 1e-12),
        ["bootstrap/percentile"] = (g, name, x, e) => Pair(g, name, e, Resampled(x).Percentile(Suffix(name)), 1e-12),
        ["bootstrap/p_two_sided"] = (g, name, x, e) => Near(g, name, Number(e), Resampled(x).TwoSidedP, 1e-12),
        ["proportions/wilson"] = (g, name, x, e) => Pair(g, name, e, Proportion.Wilson(Int(x, "k"), Int(x, "n"), Double(x, "confidence")), 1e-10),
        ["proportions/newcombe_method10"] = (g, name, x, e) =>
            Pair(g, name, e, Proportion.PairedDifference(Int(x, "a"), Int(x, "b"), Int(x, "c"), Int(x, "d"), Double(x, "confidence")), 1e-10),
        ["tests/mcnemar/exact_p"] = (g, name, x, e) => Near(g, name, Number(e), McNemar.ExactP(Int(x, "b"), Int(x, "c")), 1e-10),
        ["tests/mcnemar/midp"] = (g, name, x, e) => Near(g, name, Number(e), McNemar.MidP(Int(x, "b"), Int(x, "c")), 1e-10),
        ["tests/mcnemar/chi2"] = (g, name, x, e) => Near(g, name, Number(e), McNemar.ChiSquared(Int(x, "b"), Int(x, "c")).Statistic, 1e-10),
        ["tests/mcnemar/chi2_p"] = (g, name, x, e) => Near(g, name, Number(e), McNemar.ChiSquared(Int(x, "b"), Int(x, "c")).P, 1e-10),
        ["tests/mcnemar/chi2_corrected"] = (g, name, x, e) => Near(g, name, Number(e), McNemar.ChiSquaredCorrected(Int(x, "b"), Int(x, "c")).Statistic, 1e-10),
        ["tests/mcnemar/chi2_corrected_p"] = (g, name, x, e) => Near(g, name, Number(e), McNemar.ChiSquaredCorrected(Int(x, "b"), Int(x, "c")).P, 1e-10),
        ["tests/binomial/two-sided"] = (g, name, x, e) => Near(g, name, Number(e), BinomialTest.TwoSidedP(Int(x, "k"), Int(x, "n"), Suffix(name) is var p && p is > 0 and < 1 ? p : 0.5), 1e-10),
        ["tests/two samples/t_paired"] = (g, name, x, e) =>
        {
            var test = TTest.Paired([.. Doubles(x, "x").Zip(Doubles(x, "y"), (a, b) => a - b)]);
            Near(g, name + " t", Double(e, "t"), test.T, 1e-10);
            Near(g, name + " df", Double(e, "df"), test.Degrees, 1e-10);
            Near(g, name + " p", Double(e, "p"), test.P, 1e-10);
            Pair(g, name + " interval", e.GetProperty("ci95"), test.Interval, 1e-10);
        },
        ["classification/ranking/auroc"] = (g, name, x, e) => Near(g, name, Number(e), Area(x, "score").Value, 1e-10),
        ["classification/ranking/auroc_second"] = (g, name, x, e) => Near(g, name, Number(e), Area(x, "score2").Value, 1e-10),
        ["classification/ranking/delong_variance"] = (g, name, x, e) => Near(g, name, Number(e), Math.Pow(Area(x, "score").StandardError, 2), 1e-10),
        ["classification/ranking/delong_se"] = (g, name, x, e) => Near(g, name, Number(e), Area(x, "score").StandardError, 1e-10),
        // An area lies in [0, 1]: Alidade cuts the interval there, the reference does not.
        ["classification/ranking/delong_ci95"] = (g, name, x, e) =>
        {
            var interval = Area(x, "score").Interval()!;
            Near(g, name + " low", Math.Max(0, Number(e[0])), interval.Low, 1e-10);
            Near(g, name + " high", Math.Min(1, Number(e[1])), interval.High, 1e-10);
        },
        ["classification/ranking/delong_covariance"] = (g, name, x, e) =>
        {
            Near(g, name + "[0,0]", Number(e[0][0]), Math.Pow(Area(x, "score").StandardError, 2), 1e-10);
            Near(g, name + "[1,1]", Number(e[1][1]), Math.Pow(Area(x, "score2").StandardError, 2), 1e-10);
            Near(g, name + "[0,1]", Number(e[0][1]), Paired(x).Covariance, 1e-10);
        },
        ["classification/ranking/delong_z"] = (g, name, x, e) => Near(g, name, Number(e), Paired(x).Z, 1e-10),
        ["classification/ranking/delong_p"] = (g, name, x, e) => Near(g, name, Number(e), Paired(x).P, 1e-10),
        ["classification/ranking/roc"] = (g, name, x, e) =>
        {
            var points = Curve(x).Points;
            g.Close(name + " fpr", Doubles(e, "fpr"), [.. points.Select(p => p.FalsePositiveRate)], 1e-10);
            g.Close(name + " tpr", Doubles(e, "tpr"), [.. points.Select(p => p.TruePositiveRate)], 1e-10);
            g.Close(name + " thresholds", Doubles(e, "thresholds"), [.. points.Select(p => p.Threshold)], 1e-10);
        },
        ["classification/ranking/tpr_at_fpr"] = (g, name, x, e) =>
        {
            foreach (var limit in e.EnumerateObject())
                Near(g, $"{name} {limit.Name}", Number(limit.Value), Curve(x).At(double.Parse(limit.Name, CultureInfo.InvariantCulture)).TruePositiveRate, 1e-10);
        },
        ["classification/ranking/best_youden"] = (g, name, x, e) => Near(g, name, Number(e), Curve(x).Youden, 1e-10),
        ["classification/ranking/average_precision"] = (g, name, x, e) => Near(g, name, Number(e), Curve(x).AveragePrecision, 1e-10),
        ["classification/ranking/pr_auc_trapezoid"] = (g, name, x, e) => Near(g, name, Number(e), Curve(x).PrecisionRecallTrapezoid, 1e-10),
        ["quantiles/type7"] = (g, name, x, e) =>
            g.Close(name, [.. e.EnumerateArray().Select(Number)], [.. Doubles(x, "p").Select(p => Quantile.Of(Doubles(x, "x"), p))], 1e-14),
    };

    public static IEnumerable<TheoryDataRow<string>> Results() => GoldenFolder.Rows(() =>
        typeof(StatisticsGoldenTests).GetCustomAttributes(typeof(GoldenAttribute), false).Cast<GoldenAttribute>()
            .Where(a => File.Exists(GoldenFolder.PathOf(a.Path)))
            .SelectMany(a => Entries(a.Path).Select(entry => "statistics/" + entry.Result).Distinct()));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Statistics_equal_the_reference(string path)
    {
        var parts = path.Split('/', 3);
        GoldenCase.Run($"statistics/{parts[1]}", path, golden =>
        {
            if (!Built.TryGetValue(path[(parts[0].Length + 1)..], out var check))
                throw new NotBuiltException($"{parts[2]} of statistics/{parts[1]}");
            foreach (var (_, name, inputs, expected) in Entries($"statistics/{parts[1]}.json").Where(e => "statistics/" + e.Result == path))
                check(golden, name, inputs, expected);
        });
    }

    /// <summary>Every result of every case: "file/kind/result", the case's name with the result's full key, inputs, expected.</summary>
    private static IEnumerable<(string Result, string Name, JsonElement Inputs, JsonElement Expected)> Entries(string file)
    {
        var root = JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.PathOf(file))).RootElement;
        var kindPrefix = Path.GetFileNameWithoutExtension(file) + "/";
        foreach (var inputs in root.GetProperty("cases").EnumerateArray())
        {
            var kind = inputs.TryGetProperty("kind", out var k) ? k.GetString() + "/" : "";
            foreach (var result in inputs.GetProperty("results").EnumerateObject())
            {
                // A level or a hypothesis in the key (percentile_0.95, two-sided_p0=0.3) belongs to the case, not to the result.
                var name = Regex.Replace(result.Name, @"(_p0=|_)0?\.\d+$", "");
                yield return (kindPrefix + kind + name, $"{inputs.GetProperty("name").GetString()}: {result.Name}", inputs, result.Value);
            }
        }
    }

    private static double Suffix(string name) => double.TryParse(Regex.Match(name, @"0?\.\d+$").Value, CultureInfo.InvariantCulture, out var value) ? value : double.NaN;

    private static BootstrapResult Resampled(JsonElement inputs)
    {
        var draws = inputs.GetProperty("indices").EnumerateArray().Select(row => row.EnumerateArray().Select(i => i.GetInt32()).ToArray());
        if (inputs.TryGetProperty("a", out _))
        {
            double[] differences = [.. Doubles(inputs, "a").Zip(Doubles(inputs, "b"), (a, b) => a - b)];
            return Bootstrap.Run(Mean.Value(differences), Bootstrap.MeanOf(differences), draws, "given");
        }

        var x = Doubles(inputs, "x");
        if (inputs.TryGetProperty("cluster", out _))
        {
            var (sums, counts) = Bootstrap.ClusterSums(x, Names(inputs, "cluster"));
            return Bootstrap.Run(Mean.Value(x), Bootstrap.ClusteredMeanOf(sums, counts), draws, "given");
        }

        Func<int[], double> statistic = inputs.GetProperty("statistic").GetString() switch
        {
            "mean" => Bootstrap.MeanOf(x),
            "median" => draw => Quantile.Of(draw.Select(i => x[i]), 0.5),
            "sample_sd" => draw => Mean.SampleDeviation([.. draw.Select(i => x[i])]),
            var other => throw new NotBuiltException($"the bootstrap of '{other}'"),
        };
        return Bootstrap.Run(statistic([.. Enumerable.Range(0, x.Length)]), statistic, draws, "given");
    }

    private static (double[] Positives, double[] Negatives) Sides(JsonElement inputs, string score)
    {
        var labelled = inputs.GetProperty("y").EnumerateArray().Select(y => y.GetInt32()).Zip(Doubles(inputs, score)).ToArray();
        return ([.. labelled.Where(p => p.First == 1).Select(p => p.Second)], [.. labelled.Where(p => p.First == 0).Select(p => p.Second)]);
    }

    private static AurocEstimate Area(JsonElement inputs, string score) => Auroc.Of(Sides(inputs, score).Positives, Sides(inputs, score).Negatives);

    private static Roc Curve(JsonElement inputs) => Roc.Of(Sides(inputs, "score").Positives, Sides(inputs, "score").Negatives);

    private static (double Z, double P, double Covariance, double StandardError) Paired(JsonElement inputs)
    {
        var (first, second) = (Sides(inputs, "score"), Sides(inputs, "score2"));
        return Auroc.PairedTest(first.Positives, first.Negatives, second.Positives, second.Negatives);
    }

    private static void Near(GoldenCase golden, string name, double expected, double actual, double tolerance) =>
        golden.Close(name, expected, actual, tolerance * Math.Max(1, Math.Abs(expected)));

    /// <summary>A relative tolerance, also below 1.</summary>
    private static void Relative(GoldenCase golden, string name, double expected, double actual, double tolerance) =>
        golden.Close(name, expected, actual, tolerance * Math.Abs(expected));

    private static void Pair(GoldenCase golden, string name, JsonElement expected, Alidade.Core.Results.Interval actual, double tolerance)
    {
        Near(golden, name + " low", Number(expected[0]), actual.Low, tolerance);
        Near(golden, name + " high", Number(expected[1]), actual.High, tolerance);
    }

    private static double Number(JsonElement e) => e.ValueKind == JsonValueKind.String ? double.Parse(e.GetString()!, CultureInfo.InvariantCulture) : e.GetDouble();

    private static double[] Doubles(JsonElement e, string name) => [.. e.GetProperty(name).EnumerateArray().Select(Number)];

    private static double Double(JsonElement e, string name) => Number(e.GetProperty(name));

    private static int Int(JsonElement e, string name) => e.GetProperty(name).GetInt32();

    // Cluster numbers are padded so that their order as names is their order as numbers.
    private static string[] Names(JsonElement e, string name) => [.. e.GetProperty(name).EnumerateArray().Select(v => v.GetInt32().ToString("d9", CultureInfo.InvariantCulture))];
}
