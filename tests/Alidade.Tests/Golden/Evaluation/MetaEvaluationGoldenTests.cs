using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Correlation;
using Alidade.Evaluation.Factuality;
using static Alidade.Tests.Golden.Evaluation.MetricFile;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>Correlations of scorers with people on the published files of FRANK and XSum.</summary>
[Golden("evaluation/metrics/frank.json")]
[Golden("evaluation/metrics/xsum_hallucination.json")]
public sealed class MetaEvaluationGoldenTests
{
    private static readonly Dictionary<string, Func<FrankAnnotation, bool>> Parts = new()
    {
        ["all"] = _ => true,
        ["test"] = a => a.Split == "test",
        ["valid"] = a => a.Split == "valid",
        ["cnndm"] = a => a.Source == "cnndm",
        ["bbc"] = a => a.Source == "bbc",
    };

    public static IEnumerable<TheoryDataRow<string>> Subsets() =>
        Rows("frank", f => f.GetProperty("results").EnumerateObject().SelectMany(part => part.Value.EnumerateObject().Select(scorer => $"{part.Name}/{scorer.Name}")));

    public static IEnumerable<TheoryDataRow<string>> Scorers() =>
        Rows("xsum_hallucination", f => f.GetProperty("results").EnumerateObject().Select(s => "results/" + s.Name).Concat(f.GetProperty("system_means").EnumerateObject().Select(s => "system_means/" + s.Name)));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Subsets))]
    [Trait("Kind", "Golden")]
    public void Correlations_on_FRANK_equal_the_reference(string path) => GoldenCase.Run("evaluation/meta", path, golden =>
    {
        var parts = Part(path).Split('/', 2);
        if (!Parts.TryGetValue(parts[0], out var holds))
            throw new NotBuiltException($"the part '{parts[0]}' of FRANK");
        var evaluation = Frank(holds, parts[1]);
        foreach (var number in Read("frank").GetProperty("results").GetProperty(parts[0]).GetProperty(parts[1]).EnumerateObject())
            Near(golden, number.Name, number.Value, number.Name switch
            {
                "n" => evaluation.Count,
                "pearson" => evaluation.Pearson.Value,
                "pearson_p" => evaluation.Pearson.P,
                "spearman" => evaluation.Spearman.Value,
                "spearman_p" => evaluation.Spearman.P,
                "partial_pearson" => evaluation.PartialPearson.Value,
                "partial_spearman" => evaluation.PartialSpearman.Value,
                "spearman_of_residuals" => evaluation.SpearmanOfResiduals.Value,
                _ => throw new NotBuiltException(number.Name),
            });
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Scorers))]
    [Trait("Kind", "Golden")]
    public void Correlations_on_XSum_equal_the_reference(string path) => GoldenCase.Run("evaluation/meta", path, golden =>
    {
        var parts = Part(path).Split('/', 2);
        var expected = Read("xsum_hallucination").GetProperty(parts[0]).GetProperty(parts[1]);
        foreach (var human in expected.EnumerateObject())
        {
            Func<XSumSummary, double?> of = human.Name switch { "Faithful" => s => s.Faithful, "Factual" => s => s.Factual, _ => throw new NotBuiltException(human.Name) };
            if (parts[0] == "system_means")
            {
                Near(golden, human.Name, human.Value, Mean.Value([.. XSum().Where(s => s.System == parts[1]).Select(s => of(s)!.Value)]));
                continue;
            }

            var (scores, people) = Pairs(parts[1], of);
            var spearman = SpearmanCorrelation.Of(scores, people);
            foreach (var number in human.Value.EnumerateObject())
                Near(golden, $"{human.Name} {number.Name}", number.Value, number.Name switch
                {
                    "n" => spearman.Count,
                    "spearman" => spearman.Value,
                    "p" => spearman.P,
                    "pearson" => PearsonCorrelation.Of(scores, people).Value,
                    "kendall_tau_b" => KendallTau.Of(scores, people).B,
                    _ => throw new NotBuiltException(number.Name),
                });
        }
    });

    /// <summary>The figures of the papers, from the published files.</summary>
    [Theory]
    [InlineData("Bleu", .1014, .2540)]
    [InlineData("Rouge L", .1309, .1753)]
    [InlineData("Meteor", .1370, null)]
    [InlineData("FEQA", .0045, null)]
    [InlineData("QAGS", .0650, .5784)]
    [InlineData("Dep Entail", .1624, null)]
    [InlineData("FactCC", .2039, .5998)]
    [InlineData("BertScore P Art", .2711, .6163)]
    public void Published_correlations_on_FRANK_come_out(string scorer, double partial, double? plain)
    {
        var evaluation = Frank(_ => true, scorer);
        Assert.Equal(partial, evaluation.PartialPearson.Value, 4);
        if (plain is { } expected)
            Assert.Equal(expected, evaluation.Pearson.Value, 4);
    }

    [Theory]
    [InlineData("FactCC", .2012)]
    [InlineData("BertScore P Art", .2951)]
    [InlineData("QAGS", .0929)]
    public void Published_correlations_on_FRANK_s_test_split_come_out(string scorer, double partial) => Assert.Equal(partial, Frank(a => a.Split == "test", scorer).PartialPearson.Value, 4);

    [Fact]
    public void Published_factuality_of_FRANK_s_sources_comes_out()
    {
        Assert.Equal(.7842, Annotations().Where(a => a.Source == "cnndm").Average(a => a.Factuality), 4);
        Assert.Equal(.0803, Annotations().Where(a => a.Source == "bbc").Average(a => a.Factuality), 4);
        Assert.Equal((671, 1575), (Annotations().Count(a => a.Split == "valid"), Annotations().Count(a => a.Split == "test")));
    }

    [Theory]
    [InlineData("R1", .197, .125)]
    [InlineData("R2", .162, .095)]
    [InlineData("RL", .162, .113)]
    [InlineData("BERTScore", .190, .116)]
    [InlineData("Entailment", .431, .264)]
    public void Published_correlations_on_XSum_come_out(string scorer, double faithful, double factual)
    {
        double Of(Func<XSumSummary, double?> human) => Pairs(scorer, human) is var (scores, people) ? SpearmanCorrelation.Of(scores, people).Value : double.NaN;
        Assert.Equal(faithful, Of(s => s.Faithful), 3);
        Assert.Equal(factual, Of(s => s.Factual), 3);
        Assert.Equal(1992, XSum().Count);
    }

    // Read once: every case asks for the whole files.
    private static readonly Lazy<IReadOnlyList<FrankAnnotation>> FrankAnnotations = new(() => Alidade.Core.Data.Frank.ReadAnnotations(Published("frank/human_annotations.json")).Rows);
    private static readonly Lazy<IReadOnlyList<FrankScores>> FrankScorers = new(() => Alidade.Core.Data.Frank.ReadScores(Published("frank/baseline_factuality_metrics_outputs.json")).Rows);
    private static readonly Lazy<IReadOnlyList<XSumSummary>> Summaries = new(() => XSumHallucination.Read(Published("xsum_hallucination/eval_scores_xsum_summaries.csv")).Rows);

    private static MetaEvaluation Frank(Func<FrankAnnotation, bool> holds, string scorer) =>
        MetaEvaluation.Of(MetaEvaluation.Join(Annotations().Where(holds), FrankScorers.Value, scorer));

    private static IReadOnlyList<FrankAnnotation> Annotations() => FrankAnnotations.Value;

    private static IReadOnlyList<XSumSummary> XSum() => Summaries.Value;

    private static (double[] Scores, double[] People) Pairs(string scorer, Func<XSumSummary, double?> human)
    {
        var both = XSum().Where(s => s.Scores.ContainsKey(scorer) && human(s) is not null).ToArray();
        return ([.. both.Select(s => s.Scores[scorer])], [.. both.Select(s => human(s)!.Value)]);
    }

    private static string Published(string file)
    {
        var path = Path.Combine(GoldenFolder.Data, file);
        Assert.SkipUnless(File.Exists(path), "the folder of benchmark data is absent");
        return path;
    }
}
