using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation.Bias;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>UNQOVER, HolisticBias, gender polarity, Winogenerated and CBBQ from given scores.</summary>
[Golden("evaluation/metrics/bias_given_scores.json")]
public sealed class GivenBiasScoreGoldenTests
{
    private const double Exact = 1e-12;

    public static IEnumerable<TheoryDataRow<string>> Blocks() => GoldenFolder.Rows(() =>
        GoldenFolder.Files("evaluation/metrics", "bias_given_scores.json").SelectMany(f => ScoreFile.Read(f).AsObject().Select(b => $"{f}/{b.Key}")));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Blocks))]
    [Trait("Kind", "Golden")]
    public void Scores_equal_the_reference(string path) => GoldenCase.Run("evaluation/metrics", path, golden =>
    {
        var block = ScoreFile.Read(path);
        Action<GoldenCase, JsonNode> check = path.Split('/')[^1] switch
        {
            "unqover" => Unqover,
            "holistic_bias" => HolisticBias,
            "bold_gender_polarity" => Polarity,
            "winogenerated" => Winogenerated,
            "cbbq_accuracy" => Cbbq,
            var other => throw new NotBuiltException($"scores of {other}"),
        };
        check(golden, block);
    });

    private static void Unqover(GoldenCase golden, JsonNode block)
    {
        var result = Alidade.Evaluation.Bias.Unqover.Of([.. block["records"]!.AsArray().Select(r => new UnqoverAnswer(
            r!["template"]!.ToString(), r["activity"]!.GetValue<string>(), r["x1"]!.GetValue<string>(), r["x2"]!.GetValue<string>(),
            r["first"]!.GetValue<string>() == r["x1"]!.GetValue<string>(), (int)r["negated"]! == 1,
            UnqoverAnswer.OfSpan((double)r["x1_start"]!, (double)r["x1_end"]!), UnqoverAnswer.OfSpan((double)r["x2_start"]!, (double)r["x2_end"]!)))]);
        var expected = block["results"]!;
        foreach (var item in expected["C"]!.AsArray())
        {
            var own = result.Comparisons.Single(c => c.Template == item!["template"]!.ToString() && c.Activity == item["activity"]!.GetValue<string>()
                && c.X1 == item["x1"]!.GetValue<string>() && c.X2 == item["x2"]!.GetValue<string>());
            ScoreFile.Close(golden, "B1", item!["B1"], own.B1, Exact);
            ScoreFile.Close(golden, "B2", item["B2"], own.B2, Exact);
            ScoreFile.Close(golden, "C", item["C"], own.C, Exact);
        }

        foreach (var (name, value) in new (string, Func<UnqoverBias, double>)[] { ("gamma", b => b.Gamma), ("eta", b => b.Eta) })
            foreach (var (subject, activities) in expected[name]!.AsObject())
                foreach (var (activity, number) in activities!.AsObject())
                    ScoreFile.Close(golden, $"{name} {subject} {activity}", number, value(result.Biases.Single(b => b.Subject == subject && b.Activity == activity)), Exact);
        ScoreFile.Close(golden, "mu", expected["mu"], result.Mu, Exact);
        ScoreFile.Close(golden, "eta", expected["eta_model"], result.Eta, Exact);
        ScoreFile.Close(golden, "delta", expected["delta_positional"], result.PositionalErrorOfPlainQuestions, Exact);
    }

    private static void HolisticBias(GoldenCase golden, JsonNode block)
    {
        var cells = block["cells"]!.AsArray().Select(c => c!).ToArray();
        var result = Alidade.Evaluation.Bias.HolisticBias.Of([.. cells.SelectMany(c => c["perplexities"]!.AsObject().SelectMany(d => ScoreFile.Numbers(d.Value!)
            .Select(p => new DescriptorPerplexity(c["axis"]!.GetValue<string>(), c["template"]!.GetValue<string>(), d.Key, p))))]);
        golden.Equal("cells", cells.Length, result.Cells.Count);
        foreach (var cell in cells)
        {
            var own = result.Cells.Single(c => c.Axis == cell["axis"]!.GetValue<string>() && c.Template == cell["template"]!.GetValue<string>());
            foreach (var pair in cell["pairs"]!.AsArray())
            {
                var computed = own.Pairs.Single(p => p.First == pair!["pair"]![0]!.GetValue<string>() && p.Second == pair["pair"]![1]!.GetValue<string>());
                ScoreFile.Close(golden, "U", pair!["U"], computed.U, Exact);
                // p is relative: it may be small.
                golden.Within($"p of {computed.First} and {computed.Second}", Math.Abs((computed.P / pair["p"]!.GetValue<double>()) - 1), 1e-11);
            }

            ScoreFile.Close(golden, "likelihood bias", cell["likelihood_bias"], own.LikelihoodBias, Exact);
            foreach (var (descriptor, share) in cell["fraction_below_median"]!.AsObject())
                ScoreFile.Close(golden, descriptor, share, own.BelowMedian[descriptor], Exact);
        }

        ScoreFile.Close(golden, "mean over cells", block["results"]!["mean_over_cells"], result.MeanOverCells, Exact);
        ScoreFile.Close(golden, "over pairs", block["results"]!["over_pairs"], result.OverPairs, Exact);
    }

    private static void Polarity(GoldenCase golden, JsonNode block)
    {
        string[] Words(string name) => [.. block[name]!.AsArray().Select(w => w!.GetValue<string>())];
        GroupWords[] groups = [new("male", Words("male_words")), new("female", Words("female_words"))];
        var texts = block["texts"]!.AsArray().Select(t => t!).ToArray();
        foreach (var text in texts)
        {
            var said = text["text"]!.GetValue<string>();
            golden.Equal(said, ScoreFile.Texts(text["words"]), string.Join('|', WordBias.WordsOf(said)));
            var polarity = WordBias.Polarity(said, groups);
            golden.Equal(said, ((int)text["male"]!, (int)text["female"]!), (polarity.Counts[0], polarity.Counts[1]));
            golden.Equal(said, text["label"]!.GetValue<string>(), polarity.Label ?? "neutral");
        }

        string[] all = [.. texts.Select(t => t["text"]!.GetValue<string>())];
        foreach (var (label, share) in block["results"]!["shares"]!.AsObject())
            ScoreFile.Close(golden, label, share, (double)all.Count(t => (WordBias.Polarity(t, groups).Label ?? "neutral") == label) / all.Length, Exact);
        var representation = WordBias.Representation(all, groups)!.Value;
        golden.Close("distribution", ScoreFile.Numbers(block["results"]!["helm_distribution"]!), representation.Distribution, Exact);
        ScoreFile.Close(golden, "total variation", block["results"]!["helm_total_variation"], representation.TotalVariation, Exact);
    }

    private static void Winogenerated(GoldenCase golden, JsonNode block)
    {
        var rows = WinogeneratedFile.Read(ScoreFile.Data(block["data"]!.GetValue<string>())).Rows;
        var result = Alidade.Evaluation.Bias.Winogenerated.Of(
            [.. block["rows"]!.AsArray().Zip(ScoreFile.Numbers(block["p_female"]!), (row, p) => new WinogeneratedScore(rows[(int)row!], p))]);
        var expected = block["results"]!;
        golden.Equal("occupations", (int)expected["occupations"]!, result.Occupations);
        ScoreFile.Close(golden, "Pearson", expected["pearson"], result.Pearson, Exact);
        ScoreFile.Close(golden, "Spearman", expected["spearman"], result.Spearman, Exact);
        ScoreFile.Close(golden, "Pearson of items", expected["item_pearson"], result.ItemPearson, Exact);
        ScoreFile.Close(golden, "female preferred", expected["share_female_preferred"], result.FemalePreferred, Exact);
    }

    private static void Cbbq(GoldenCase golden, JsonNode block)
    {
        IEnumerable<CbbqOutcome> Outcomes(int file, string predictions) => CbbqFile.Read(ScoreFile.Data(block["data"]![file]!.GetValue<string>())).Rows
            .Zip(block[predictions]!.GetValue<string>(), (item, answer) => CbbqOutcome.Of(item, answer - '0'));
        var result = Alidade.Evaluation.Bias.Cbbq.Of([.. Outcomes(0, "predictions_ambiguous"), .. Outcomes(1, "predictions_disambiguous")]);
        ScoreFile.Close(golden, "ambiguous", block["results"]!["accuracy_ambiguous"], result.AmbiguousAccuracy, Exact);
        ScoreFile.Close(golden, "disambiguated", block["results"]!["accuracy_disambiguous"], result.DisambiguatedAccuracy, Exact);
    }
}
