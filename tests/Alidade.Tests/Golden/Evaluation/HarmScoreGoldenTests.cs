using System.Text.Json.Nodes;
using Alidade.Core.Data;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Ethics;
using Alidade.Evaluation.Toxicity;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>HateCheck, RealToxicityPrompts, MoralChoice and SafetyBench from given answers and scores.</summary>
[Golden("evaluation/metrics/hatecheck.json")]
[Golden("evaluation/metrics/judges_given_scores.json")]
public sealed class HarmScoreGoldenTests
{
    private const double Exact = 1e-12;

    public static IEnumerable<TheoryDataRow<string>> HateCheckFiles() => ScoreFile.Rows("hatecheck.json");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(HateCheckFiles))]
    [Trait("Kind", "Golden")]
    public void HateCheck_equals_the_reference(string path) => GoldenCase.Run("evaluation/metrics", path, golden =>
    {
        var file = ScoreFile.Read(path);
        var cases = HateSpeechFiles.ReadHateCheck(ScoreFile.Data(file["data"]!.GetValue<string>())).Rows;
        string[] words = [.. file["classifier_words"]!.AsArray().Select(w => w!.GetValue<string>())];
        bool[] called = [.. cases.Select(c => words.Any(w => c.Text.ToLowerInvariant().Contains(w, StringComparison.Ordinal)))];
        golden.Equal("predictions", file["predictions"]!.GetValue<string>(), string.Concat(called.Select(c => c ? '1' : '0')));
        var scores = DetectionScores.Of([.. cases.Zip(called, (c, said) => new Detection(c.Hateful, said, [c.Functionality, $"target {c.Target}", c.Hateful ? "hateful" : "non-hateful"]))]);
        var expected = file["results"]!;
        Part(golden, "overall", expected["overall"]!, scores.Overall);
        foreach (var (name, value) in expected["by_functionality"]!.AsObject())
            Part(golden, name, value!, scores.Parts[name]);
        foreach (var (name, value) in expected["by_target"]!.AsObject())
            Part(golden, name, value!, scores.Parts[$"target {name}"]);
        foreach (var (name, value) in expected["by_gold"]!.AsObject())
            Part(golden, name, value!, scores.Parts[name]);
        ScoreFile.Close(golden, "macro F1", expected["macro_f1"], scores.Macro.F1, Exact);
        ScoreFile.Close(golden, "F1 hateful", expected["f1_hateful"], scores.Hateful.F1, Exact);
        ScoreFile.Close(golden, "F1 non-hateful", expected["f1_non_hateful"], scores.NotHateful.F1, Exact);
    });

    public static IEnumerable<TheoryDataRow<string>> ToxicityBlocks() => ScoreFile.Blocks("judges_given_scores.json", "real_toxicity");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(ToxicityBlocks))]
    [Trait("Kind", "Golden")]
    public void Toxicity_over_continuations_equals_the_reference(string path) => GoldenCase.Run("evaluation/metrics", path, golden =>
    {
        var block = ScoreFile.Read(path);
        var scores = Scores(block["scores"]!);
        int[] toxic = [.. block["prompt_is_toxic"]!.AsArray().Select(t => (int)t!)];
        foreach (var (name, expected) in block["results"]!.AsObject())
        {
            var part = scores.Where((_, i) => name == "all" || (name == "toxic prompts") == (toxic[i] == 1)).ToArray();
            var result = MaximumToxicity.Of(part);
            golden.Equal(name, (int)expected!["n"]!, result.Prompts);
            ScoreFile.Close(golden, name + " EMT", expected["emt"], result.Expected.Value, Exact);
            ScoreFile.Close(golden, name + " sd", expected["emt_sd_of_maxima"], result.Deviation, Exact);
            ScoreFile.Close(golden, name + " EMT stderr", expected["emt_stderr"], result.Expected.StandardError, Exact);
            ScoreFile.Close(golden, name + " probability", expected["toxicity_probability"], result.Probability.Value, Exact);
            ScoreFile.Close(golden, name + " probability stderr", expected["toxicity_probability_stderr"], result.Probability.StandardError, Exact);
            ScoreFile.Close(golden, name + " fraction", expected["toxic_fraction"], result.ToxicFraction, Exact);
            ScoreFile.Close(golden, name + " EMT of 5", expected["emt_k5_first"], MaximumToxicity.Of(part, 5).Expected.Value, Exact);
        }

        var missing = block["with_missing"]!;
        var some = MaximumToxicity.Of(Scores(missing["scores"]!));
        ScoreFile.Close(golden, "EMT with missing", missing["results"]!["emt"], some.Expected.Value, Exact);
        golden.Equal("unscored", (int)missing["results"]!["unscored"]!, some.Unscored);
        golden.Equal("prompts without a score", (int)missing["results"]!["prompts_without_a_score"]!, some.PromptsWithoutScore);
    });

    public static IEnumerable<TheoryDataRow<string>> MoralBlocks() => ScoreFile.Blocks("judges_given_scores.json", "moralchoice");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(MoralBlocks))]
    [Trait("Kind", "Golden")]
    public void MoralChoice_equals_the_reference(string path) => GoldenCase.Run("evaluation/metrics", path, golden =>
    {
        var block = ScoreFile.Read(path);
        MoralChoice[] results = [.. block["p_action1"]!.AsArray().Select(p => MoralChoice.Of(ScoreFile.Numbers(p!)))];
        var expected = block["results"]!;
        foreach (var (value, result) in expected["scenarios"]!.AsArray().Zip(results))
        {
            ScoreFile.Close(golden, "likelihood", value!["marginal_likelihood_action1"], result.Likelihood, Exact);
            ScoreFile.Close(golden, "entropy, bits", value["marginal_entropy_bits"], result.EntropyBits, Exact);
            ScoreFile.Close(golden, "entropy, nats", value["marginal_entropy_nats"], result.EntropyNats, Exact);
            ScoreFile.Close(golden, "entropy of forms", value["mean_form_entropy_bits"], result.MeanFormEntropyBits, Exact);
            ScoreFile.Close(golden, "divergence", value["jensen_shannon_bits"], result.JensenShannonBits, Exact);
            ScoreFile.Close(golden, "consistency", value["qf_consistency"], result.Consistency, Exact);
        }

        ScoreFile.Close(golden, "mean likelihood", expected["mean_marginal_likelihood"], results.Average(r => r.Likelihood), Exact);
        ScoreFile.Close(golden, "mean entropy", expected["mean_marginal_entropy_bits"], results.Average(r => r.EntropyBits), Exact);
        ScoreFile.Close(golden, "mean consistency", expected["mean_consistency"], results.Average(r => r.Consistency), Exact);
    });

    public static IEnumerable<TheoryDataRow<string>> SafetyBlocks() => ScoreFile.Blocks("judges_given_scores.json", "safetybench");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(SafetyBlocks))]
    [Trait("Kind", "Golden")]
    public void SafetyBench_equals_the_reference(string path) => GoldenCase.Run("evaluation/metrics", path, golden =>
    {
        var block = ScoreFile.Read(path);
        var questions = SafetyBenchFile.Read(ScoreFile.Data("safetybench/test_zh_subset.json"), ScoreFile.Data("safetybench/test_answers_zh_subset.json")).Rows;
        var predictions = block["predictions"]!.GetValue<string>();
        golden.Equal("questions", predictions.Length, questions.Count);
        var scores = SafetyBenchScores.Of([.. questions.Zip(predictions, (q, p) => (q.Category, q.Answer == p - '0'))]);
        foreach (var (category, accuracy) in block["results"]!["by_category"]!.AsObject())
            ScoreFile.Close(golden, category, accuracy, scores.Categories[category], Exact);
        ScoreFile.Close(golden, "overall", block["results"]!["overall"], scores.Overall, Exact);
        ScoreFile.Close(golden, "mean of categories", block["results"]!["mean_of_categories"], scores.MeanOfCategories, Exact);
    });

    private static void Part(GoldenCase golden, string what, JsonNode expected, DetectionPart actual)
    {
        golden.Equal(what, (int)expected["n"]!, actual.Count);
        ScoreFile.Close(golden, what, expected["accuracy"], actual.Accuracy, Exact);
    }

    private static double?[][] Scores(JsonNode rows) => [.. rows.AsArray().Select(r => r!.AsArray().Select(v => v?.GetValue<double>()).ToArray())];
}
