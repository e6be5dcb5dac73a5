using System.Text.Json.Nodes;
using Alidade.Core.Data;
using Alidade.Evaluation.Bias;
using Alidade.Models.Encoders;
using TorchSharp;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>Scores of StereoSet, BBQ, CrowS-Pairs and WinoBias from published predictions, given scores, and tiny models.</summary>
[Golden("evaluation/metrics/stereoset.json")]
[Golden("evaluation/metrics/bbq_unifiedqa.json")]
[Golden("evaluation/metrics/bbq_lmeval.json")]
[Golden("evaluation/metrics/crows_pairs_mlm.json")]
[Golden("evaluation/metrics/winobias_lm.json")]
public sealed class BiasScoreGoldenTests
{
    private const double Exact = 1e-12;

    // Absolute, for a float32 model; the reference's float64 model norms in float32, so ours in float64 is no nearer.
    private const double Float32 = 1e-4;

    public static IEnumerable<TheoryDataRow<string>> StereoSetFiles() => ScoreFile.Rows("stereoset.json");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(StereoSetFiles))]
    [Trait("Kind", "Golden")]
    public void StereoSet_equals_the_published_evaluation(string path) => GoldenCase.Run("evaluation/metrics", path, golden =>
    {
        var file = ScoreFile.Read(path);
        var scores = file["given"] is { } given
            ? given.AsObject().ToDictionary(s => s.Key, s => s.Value!.GetValue<double>())
            : StereoSetFile.ReadScores(ScoreFile.Data(file["scores"]!.GetValue<string>().Split(',')[0]));
        foreach (var data in file["data"]!.AsArray().Select(d => d!.GetValue<string>()))
        {
            var items = StereoSetFile.Read(ScoreFile.Data(data)).Rows;
            var expected = file["results"]![Path.GetFileName(data).Split('_')[0]]!;
            var result = StereoSet.Of(StereoSetScores.Of(items, scores));
            golden.Equal("sentences", (int)expected["count"]!, 3 * items.Count);
            golden.Equal("items", (int)expected["items"]!, result.Together.Items);
            golden.Equal("targets", (int)expected["targets"]!, result.Targets.Count);
            ScoreFile.Close(golden, "LMS", expected["LM Score"], result.LanguageModelScore, Exact);
            ScoreFile.Close(golden, "SS", expected["SS Score"], result.StereotypeScore, Exact);
            ScoreFile.Close(golden, "ICAT", expected["ICAT Score"], result.Icat, Exact);
            ScoreFile.Close(golden, "SS of all", expected["micro_SS"], result.Together.StereotypeScore, Exact);
            ScoreFile.Close(golden, "LMS of all", expected["micro_LMS"], result.Together.LanguageModelScore, Exact);
            foreach (var (target, value) in expected["per_target"]!.AsObject())
            {
                golden.Equal(target, (int)value!["items"]!, result.Targets[target].Items);
                ScoreFile.Close(golden, target, value["SS"], result.Targets[target].StereotypeScore, Exact);
                ScoreFile.Close(golden, target, value["LMS"], result.Targets[target].LanguageModelScore, Exact);
            }
        }
    });

    public static IEnumerable<TheoryDataRow<string>> UnifiedQaFiles() => ScoreFile.Rows("bbq_unifiedqa.json");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(UnifiedQaFiles))]
    [Trait("Kind", "Golden")]
    public void Bbq_of_published_predictions_equals_the_authors_metric(string path) => GoldenCase.Run("evaluation/metrics", path, golden =>
    {
        var file = ScoreFile.Read(path);
        var items = BbqFile.Read(ScoreFile.Data(file["data"]!.GetValue<string>())).Rows;
        foreach (var (model, expected) in file["results"]!.AsObject())
        {
            var matched = items.Select(i => (Item: i, Answer: BbqOutcome.Match(i, i.Predictions[model]))).ToArray();
            golden.Equal(model, (int)expected!["answers_that_match_no_option"]!, matched.Count(m => m.Answer is null));
            var bbq = Bbq.Of([.. matched.Where(m => m.Answer is not null).Select(m => BbqOutcome.Of(m.Item, m.Answer!.Value))]);
            golden.Equal(model, (int)expected["scored"]!, bbq.Ambiguous.Items + bbq.Disambiguated.Items);
            foreach (var (name, condition) in new[] { ("ambig", bbq.Ambiguous), ("disambig", bbq.Disambiguated) })
            {
                var values = expected[name]!;
                golden.Equal($"{model} {name} n", (int)values["n"]!, condition.Items);
                golden.Equal($"{model} {name} non-unknown", (int)values["n_non_unknown"]!, condition.NonUnknown);
                golden.Equal($"{model} {name} biased", (int)values["n_biased"]!, condition.Biased);
                ScoreFile.Close(golden, $"{model} {name} accuracy", values["accuracy"], condition.Accuracy, Exact);
                ScoreFile.Close(golden, $"{model} {name} accuracy neg", values["accuracy_neg"], condition.NegativeAccuracy, Exact);
                ScoreFile.Close(golden, $"{model} {name} accuracy nonneg", values["accuracy_nonneg"], condition.NonNegativeAccuracy, Exact);
                ScoreFile.Close(golden, $"{model} {name} s", values["s_dis_formula"], condition.Direction, Exact);
                ScoreFile.Close(golden, $"{model} {name} bias", values["bias_score"], condition.BiasScore, Exact);
            }
        }
    });

    public static IEnumerable<TheoryDataRow<string>> HarnessFiles() => ScoreFile.Rows("bbq_lmeval.json");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(HarnessFiles))]
    [Trait("Kind", "Golden")]
    public void Bbq_as_the_harness_asks_it_equals_the_harness(string path) => GoldenCase.Run("evaluation/metrics", path, golden =>
    {
        var file = ScoreFile.Read(path);
        var items = BbqFile.Read(ScoreFile.Data(file["file"]!.GetValue<string>())).Rows;
        var outcomes = new List<BbqOutcome>();
        foreach (var expected in file["items"]!.AsArray())
        {
            var (row, what) = (items[(int)expected!["row"]!], $"row {expected["row"]}");
            var asked = new BbqHarness(row);
            golden.Equal(what, ScoreFile.Texts(expected["choices"]), string.Join('|', asked.Choices));
            golden.Equal(what, string.Join('|', ScoreFile.Numbers(expected["biased_indices"]!)), string.Join('|', asked.BiasedChoices.Order()));
            golden.Equal(what, string.Join('/', expected["groups"]!.AsArray().Select(ScoreFile.Texts)), string.Join('/', asked.Groups.Select(g => string.Join('|', g))));
            var scores = ScoreFile.Numbers(expected["log_likelihoods"]!);
            var answer = Array.IndexOf(scores, scores.Max());
            golden.Equal(what, (int)expected["answer"]!, answer);
            // The harness lists one more right choice than there are.
            foreach (var (choice, _) in asked.Choices.Select((_, i) => (i, 0)))
                golden.Equal($"{what}: choice {choice} right", expected["targets"]!.AsArray().Any(t => (int)t! == choice), asked.Outcome(choice).Correct);
            outcomes.Add(asked.Outcome(answer));
            Same(golden, what, expected["acc"]!, expected["amb_bias_score_tuple"]!, outcomes[^1]);
            var read = asked.ReadGenerated(expected["generation"]!.GetValue<string>());
            Same(golden, what + " generated", expected["generation_acc"]!, expected["generation_tuple"]!,
                read is { } choiceRead ? asked.Outcome(choiceRead) : new BbqOutcome(row.Category, row.Ambiguous, row.Negative, false, true, false));
        }

        var harness = Bbq.Of(outcomes, BbqForm.Harness);
        ScoreFile.Close(golden, "accuracy, ambiguous", file["aggregate"]!["accuracy_amb"], harness.Ambiguous.Accuracy, Exact);
        ScoreFile.Close(golden, "accuracy, disambiguated", file["aggregate"]!["accuracy_disamb"], harness.Disambiguated.Accuracy, Exact);
        ScoreFile.Close(golden, "bias, ambiguous", file["aggregate"]!["amb_bias_score"], harness.Ambiguous.BiasScore, Exact);
        ScoreFile.Close(golden, "bias, disambiguated", file["aggregate"]!["disamb_bias_score"], harness.Disambiguated.BiasScore, Exact);
        var paper = Bbq.Of(outcomes);
        ScoreFile.Close(golden, "formula, ambiguous", file["formula_values"]!["amb"], paper.Ambiguous.Direction, Exact);
        ScoreFile.Close(golden, "formula, disambiguated", file["formula_values"]!["disamb"], paper.Disambiguated.Direction, Exact);
        ScoreFile.Close(golden, "formula, ambiguous bias", file["formula_values"]!["amb_bias_score"], paper.Ambiguous.BiasScore, Exact);

        foreach (var (name, value) in file["edge_cases"]!.AsObject())
        {
            var unknown = name.Contains("all unknown", StringComparison.Ordinal);
            BbqOutcome[] edge = [.. Enumerable.Repeat(new BbqOutcome("", false, true, false, unknown, false), unknown ? 1 : 2)];
            ScoreFile.Close(golden, name, value!["lm_eval"], Bbq.Of(edge, BbqForm.Harness).Disambiguated.Direction, Exact);
            ScoreFile.Close(golden, name, value["formula"], Bbq.Of(edge).Disambiguated.Direction, Exact);
        }
    });

    public static IEnumerable<TheoryDataRow<string>> MaskedFiles() => ScoreFile.Rows("crows_pairs_mlm.json");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(MaskedFiles))]
    [Trait("Kind", "Golden")]
    public void CrowS_Pairs_of_a_masked_model_equals_the_authors_metric(string path) => GoldenCase.Run("evaluation/metrics", path, golden =>
    {
        using var model = MaskedLM.Load(GoldenFolder.PathOf("evaluation/tiny-bert"), new() { DType = torch.ScalarType.Float64 });
        var file = ScoreFile.Read(path);
        var rows = Alidade.Core.Data.CrowsPairs.Read(ScoreFile.Data(file["data"]!.GetValue<string>())).Rows;
        var items = file["items"]!.AsArray().Select(i => i!).ToArray();
        foreach (var item in items)
        {
            var (first, second) = SharedTokens.Of(DecoderGoldenTests.Ints(item["ids_more"]!), DecoderGoldenTests.Ints(item["ids_less"]!));
            golden.Equal($"row {item["row"]}", string.Join(' ', DecoderGoldenTests.Ints(item["shared_more"]!["positions"]!)), string.Join(' ', first[1..^1]));
            golden.Equal($"row {item["row"]}", string.Join(' ', DecoderGoldenTests.Ints(item["shared_less"]!["positions"]!)), string.Join(' ', second[1..^1]));
        }

        var scores = CrowsPairsMasked.Score(model, [.. items.Select(i => rows[(int)i["row"]!])]);
        for (var i = 0; i < items.Length; i++)
        {
            ScoreFile.Close(golden, $"row {items[i]["row"]}: more", items[i]["score_more"], scores[i].More, 1e-9);
            ScoreFile.Close(golden, $"row {items[i]["row"]}: less", items[i]["score_less"], scores[i].Less, 1e-9);
        }

        var (expected, result) = (file["results"]!, CrowsPairsMasked.Of(scores));
        ScoreFile.Close(golden, "metric", expected["metric"], result.Metric, Exact);
        ScoreFile.Close(golden, "stereotype", expected["stereotype_score"], result.StereotypeScore, Exact);
        ScoreFile.Close(golden, "antistereotype", expected["antistereotype_score"], result.AntistereotypeScore, Exact);
        golden.Equal("neutral", (int)expected["neutral"]!, result.Neutral);
        foreach (var (type, value) in expected["by_bias_type"]!.AsObject())
            ScoreFile.Close(golden, type, value, result.BiasTypes[type], Exact);
    });

    public static IEnumerable<TheoryDataRow<string>> WinoBiasFiles() => ScoreFile.Rows("winobias_lm.json");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(WinoBiasFiles))]
    [Trait("Kind", "Golden")]
    public void WinoBias_of_a_causal_model_equals_the_reference(string path) => GoldenCase.Run("evaluation/metrics", path, golden =>
    {
        var model = GoldenModels.Load(GoldenFolder.PathOf("evaluation/tiny-llama"));
        var file = ScoreFile.Read(path);
        string[] occupations = [.. file["occupations"]!.AsArray().Select(o => o!.GetValue<string>())];
        foreach (var type in new[] { 1, 2 })
        {
            var pairs = new List<WinoBiasPair>();
            foreach (var item in file["items"]!.AsArray().Where(i => (int)i!["type"]! == type))
            {
                // The sentences are in the golden file; brackets tell the entity and the last pronoun.
                var (pro, anti) = (Sentence(item!["pro"]!), Sentence(item["anti"]!));
                var (proScore, proResolved) = Score(golden, model, $"type {type} row {item["row"]} pro", item["pro"]!, pro, occupations);
                var (antiScore, antiResolved) = Score(golden, model, $"type {type} row {item["row"]} anti", item["anti"]!, anti, occupations);
                pairs.Add(new(proScore, antiScore, proResolved, antiResolved));
            }

            var (expected, result) = (file["results"]![$"type{type}"]!, WinoBias.Of(pairs));
            golden.Equal("pairs", (int)expected["n"]!, result.Pairs);
            ScoreFile.Close(golden, $"type {type} likelier", expected["pct_pro_more_likely"], result.ProLikelier, Exact);
            ScoreFile.Close(golden, $"type {type} difference", expected["mean_difference"], result.MeanDifference, Float32);
            ScoreFile.Close(golden, $"type {type} stderr", expected["stderr"], Alidade.Core.Statistics.Mean.Of([.. pairs.Select(p => p.Pro - p.Anti)]).StandardError, Float32);
            ScoreFile.Close(golden, $"type {type} pro", expected["accuracy_pro"], result.ProAccuracy, Exact);
            ScoreFile.Close(golden, $"type {type} anti", expected["accuracy_anti"], result.AntiAccuracy, Exact);
            ScoreFile.Close(golden, $"type {type} gap", expected["gap"], result.Gap, Exact);
        }
    });

    private static void Same(GoldenCase golden, string what, JsonNode accuracy, JsonNode tuple, BbqOutcome outcome)
    {
        golden.Equal(what, accuracy.GetValue<double>(), outcome.Correct ? 1 : 0);
        golden.Equal(what, tuple[0]!.GetValue<double>(), outcome.Correct ? 1 : 0);
        golden.Equal(what, tuple[1]!.GetValue<double>(), outcome.Biased ? 1 : 0);
        golden.Equal(what, tuple[2]!.GetValue<double>(), outcome.Unknown ? 0 : 1);
        golden.Equal(what, tuple[3]!.GetValue<bool>(), !outcome.Ambiguous);
    }

    private static WinoBiasSentence Sentence(JsonNode side)
    {
        var (text, entity, pronoun) = (side["sentence"]!.GetValue<string>(), side["entity"]!.GetValue<string>(), side["pronoun"]!.GetValue<string>());
        var match = System.Text.RegularExpressions.Regex.Matches(text, $@"\b{System.Text.RegularExpressions.Regex.Escape(pronoun)}\b")[^1];
        var at = text.IndexOf(entity, StringComparison.Ordinal);
        var marked = text.Insert(match.Index + match.Length, "]").Insert(match.Index, "[");
        return new("winobias-0", marked.Insert(at + entity.Length, "]").Insert(at, "["));
    }

    private static (double Score, bool? Resolved) Score(GoldenCase golden, Alidade.Models.CausalLM model, string what, JsonNode expected, WinoBiasSentence sentence, string[] occupations)
    {
        golden.Equal(what, expected["entity"]!.GetValue<string>(), sentence.Entity);
        golden.Equal(what, expected["pronoun"]!.GetValue<string>(), sentence.Pronoun);
        golden.Equal(what, expected["sentence"]!.GetValue<string>(), sentence.Text);
        var whole = ScoreFile.LogLikelihood(model, "", sentence.Text);
        golden.Equal(what, (int)expected["tokens"]!, whole.Tokens);
        golden.Close(what, (double)expected["log_likelihood"]!, whole.LogProb, Float32);
        var candidates = WinoBiasCandidates.Of(sentence, occupations);
        if (expected["candidates"] is not { } values)
        {
            golden.Equal(what, null, candidates);
            return (whole.LogProb, null);
        }

        golden.Equal(what, values["gold"]!.GetValue<string>(), candidates!.Gold);
        golden.Equal(what, values["other"]!.GetValue<string>(), candidates.Other);
        double gold = ScoreFile.LogLikelihood(model, candidates.GoldPrefix, candidates.Rest).LogProb, other = ScoreFile.LogLikelihood(model, candidates.OtherPrefix, candidates.Rest).LogProb;
        golden.Close(what + " gold", (double)values["partial_gold"]!, gold, Float32);
        golden.Close(what + " other", (double)values["partial_other"]!, other, Float32);
        golden.Equal(what, values["correct"]!.GetValue<bool>(), gold > other);
        return (whole.LogProb, gold > other);
    }
}
