using System.Globalization;
using System.Text.Json;
using Alidade.Core;
using Alidade.Evaluation.Factuality;
using Alidade.Evaluation.Judges;
using static Alidade.Tests.Golden.Evaluation.MetricFile;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>Factuality scores from given model outputs.</summary>
[Golden("evaluation/metrics/factuality_given_scores.json")]
[Golden("evaluation/metrics/truthfulqa_gen_metrics.json")]
public sealed class FactualityGoldenTests
{
    private static readonly Dictionary<string, Action<GoldenCase, JsonElement>> Blocks = new()
    {
        ["selfcheckgpt"] = CheckSelfCheck,
        ["selfcheckgpt_ngram"] = CheckNGram,
        ["summac_zs"] = CheckSummaC,
        ["summac_conv_histogram"] = CheckHistogram,
        ["alignscore"] = CheckAlignScore,
        ["factscore"] = CheckFactScore,
        ["squad"] = CheckSquad,
        ["qafacteval_like"] = CheckQaConsistency,
        ["fever"] = CheckFever,
        ["truthfulqa_mc"] = CheckChoices,
    };

    public static IEnumerable<TheoryDataRow<string>> Given() => Rows("factuality_given_scores", f => f.EnumerateObject().Select(b => b.Name));

    public static IEnumerable<TheoryDataRow<string>> Generations() =>
        Rows("truthfulqa_gen_metrics", f => f.GetProperty("items").EnumerateArray().Select(i => "row " + i.GetProperty("row").GetRawText()));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Given))]
    [Trait("Kind", "Golden")]
    public void Scores_from_given_outputs_equal_the_reference(string path) => GoldenCase.Run("evaluation/factuality", path, golden =>
    {
        if (!Blocks.TryGetValue(Part(path), out var check))
            throw new NotBuiltException(Part(path));
        check(golden, Read("factuality_given_scores").GetProperty(Part(path)));
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Generations))]
    [Trait("Kind", "Golden")]
    public void Overlaps_of_generated_answers_equal_the_harness(string path) => GoldenCase.Run("evaluation/factuality", path, golden =>
    {
        var item = Read("truthfulqa_gen_metrics").GetProperty("items").EnumerateArray().Single(i => "row " + i.GetProperty("row").GetRawText() == Part(path));
        var answer = item.GetProperty("generation").GetString()!;
        string[] correct = Texts(item.GetProperty("correct_answers")), incorrect = Texts(item.GetProperty("incorrect_answers"));
        var data = Path.Combine(GoldenFolder.Data, "truthfulqa", "original-817", "TruthfulQA.csv");
        if (File.Exists(data))
        {
            var references = TruthfulQaGeneration.References(Alidade.Core.Data.TruthfulQa.Read(data).Rows[item.GetProperty("row").GetInt32()]);
            golden.Equal("true answers", string.Join('|', correct), string.Join('|', references.Correct));
            golden.Equal("false answers", string.Join('|', incorrect), string.Join('|', references.Incorrect));
        }

        var scores = TruthfulQaGeneration.Score(answer, correct, incorrect);
        foreach (var metric in item.GetProperty("metrics").EnumerateObject())
        {
            var parts = metric.Name.Split('_');
            var overlap = parts[0] switch
            {
                "bleu" => scores.Bleu,
                "rouge1" => scores.Rouge1,
                "rouge2" => scores.Rouge2,
                "rougeL" => scores.RougeL,
                _ => throw new NotBuiltException(metric.Name),
            };
            Near(golden, metric.Name, metric.Value, parts[1] switch { "max" => overlap.True, "diff" => overlap.Difference, "acc" => overlap.Accuracy, _ => throw new NotBuiltException(metric.Name) });
        }

        string[] all = [.. correct, .. incorrect];
        Near(golden, "BLEU of each", item.GetProperty("bleu_per_reference"), [.. all.Select(r => TruthfulQaGeneration.BleuOf(answer, r))]);
        foreach (var (i, rouge) in item.GetProperty("rouge_per_reference").EnumerateArray().Index())
        {
            var (one, two, sum) = TruthfulQaGeneration.RougeOf(answer, all[i]);
            foreach (var kind in rouge.EnumerateObject())
                Near(golden, $"{kind.Name} of {i}", kind.Value, kind.Name switch { "rouge1" => one, "rouge2" => two, "rougeLsum" => sum, _ => throw new NotBuiltException(kind.Name) });
        }
    });

    private static void CheckSelfCheck(GoldenCase golden, JsonElement given)
    {
        var nli = given.GetProperty("nli_logits_entail_neutral_contradict").EnumerateArray()
            .Select(sentence => SelfCheck.Nli([.. sentence.EnumerateArray().Select(s => (s[0].GetDouble(), s[2].GetDouble()))])).ToArray();
        var results = given.GetProperty("results");
        Near(golden, "nli", results.GetProperty("nli"), nli);
        Near(golden, "nli, passage", results.GetProperty("nli_passage"), nli.Average());
        Near(golden, "bertscore", results.GetProperty("bertscore"),
            [.. given.GetProperty("bertscore_f1").EnumerateArray().Select(sentence => SelfCheck.BertScore([.. sentence.EnumerateArray().Select(Numbers)]))]);
        Near(golden, "prompt", results.GetProperty("prompt"), [.. given.GetProperty("answers").EnumerateArray().Select(a => SelfCheck.Prompt([.. Texts(a).Select(Supported)]))]);
        foreach (var (answers, mapped) in given.GetProperty("answers").EnumerateArray().Zip(results.GetProperty("prompt_mapped").EnumerateArray()))
            Near(golden, "answers", mapped, [.. Texts(answers).Select(a => SelfCheck.Prompt([Supported(a)]))]);
    }

    private static bool? Supported(string answer) => YesNoReply.Read(answer) is { HasValue: true, Value: var yes } ? yes : null;

    private static void CheckNGram(GoldenCase golden, JsonElement given)
    {
        // The file's texts are split already: blanks stand between words, and a sentence ends where a blank follows its last sign.
        static string[][] Split(string text) =>
            [.. System.Text.RegularExpressions.Regex.Split(text, "(?<=[.!?]) ").Select(s => s.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        foreach (var result in given.GetProperty("results").EnumerateObject())
        {
            var (n, k) = (int.Parse(result.Name.Split(',')[0][2..]), double.Parse(result.Name.Split(',')[1][2..], CultureInfo.InvariantCulture));
            var score = new SelfCheckNGram { N = n, Smoothing = k }.Score(
                [.. Texts(given.GetProperty("sentences")).Select(s => s.Split(' ', StringSplitOptions.RemoveEmptyEntries))], Texts(given.GetProperty("samples")).Select(Split));
            Near(golden, $"{result.Name}: mean", result.Value.GetProperty("sent_level").GetProperty("avg_neg_logprob"), score.Mean);
            Near(golden, $"{result.Name}: max", result.Value.GetProperty("sent_level").GetProperty("max_neg_logprob"), score.Max);
            Near(golden, $"{result.Name}: passage mean", result.Value.GetProperty("doc_level").GetProperty("avg_neg_logprob"), score.PassageMean);
            Near(golden, $"{result.Name}: passage max", result.Value.GetProperty("doc_level").GetProperty("avg_max_neg_logprob"), score.PassageMax);
        }
    }

    private static void CheckSummaC(GoldenCase golden, JsonElement given)
    {
        var pairs = Pairs(given.GetProperty("matrix"));
        foreach (var result in given.GetProperty("results").EnumerateObject())
        {
            var parts = result.Name.Split('/');
            var summaC = new SummaCZeroShot
            {
                Document = Enum.Parse<Reduction>(parts[0], ignoreCase: true),
                Summary = Enum.Parse<Reduction>(parts[1], ignoreCase: true),
                Evidence = parts[2] switch
                {
                    "e-c" => NliEvidence.EntailmentMinusContradiction,
                    "e" => NliEvidence.Entailment,
                    "c" => NliEvidence.NoContradiction,
                    _ => throw new NotBuiltException(result.Name),
                },
            };
            Near(golden, result.Name + " sentences", result.Value.GetProperty("sentences"), summaC.Sentences(pairs));
            Near(golden, result.Name, result.Value.GetProperty("score"), summaC.Score(pairs));
        }
    }

    private static void CheckHistogram(GoldenCase golden, JsonElement given)
    {
        var pairs = Pairs(Read("factuality_given_scores").GetProperty("summac_zs").GetProperty("matrix"));
        foreach (var (sentence, expected) in given.GetProperty("results").EnumerateArray().Index())
            golden.Equal($"sentence {sentence}", string.Join(' ', expected.EnumerateArray().Select(c => c.GetInt32())),
                string.Join(' ', SummaCConv.Histogram(SummaCConv.EvenEdges(50), pairs.Select(chunk => chunk[sentence].Entailment))));
    }

    private static void CheckAlignScore(GoldenCase golden, JsonElement given)
    {
        double[][] aligned = [.. given.GetProperty("matrix").EnumerateArray().Select(Numbers)];
        Near(golden, "sentences", given.GetProperty("results").GetProperty("per_sentence"), AlignScore.Sentences(aligned));
        Near(golden, "score", given.GetProperty("results").GetProperty("score"), AlignScore.Score(aligned));
    }

    private static void CheckFactScore(GoldenCase golden, JsonElement given)
    {
        bool[]?[] facts = [.. given.GetProperty("facts").EnumerateArray().Select(r => r.ValueKind == JsonValueKind.Null ? null : r.EnumerateArray().Select(f => f.GetInt32() == 1).ToArray())];
        var (summary, expected) = (new FActScore().Summarise(facts), given.GetProperty("results"));
        foreach (var (i, item) in expected.GetProperty("per_response").EnumerateArray().Index())
        {
            golden.Equal($"response {i} has facts", item.ValueKind != JsonValueKind.Null, summary.Items[i] is not null);
            if (summary.Items[i] is not { } scored)
                continue;
            Near(golden, $"response {i}: support", item.GetProperty("support"), scored.Support);
            Near(golden, $"response {i}: penalty", item.GetProperty("penalty"), scored.Penalty);
            Near(golden, $"response {i}: score", item.GetProperty("score"), scored.Score);
        }

        Near(golden, "score", expected.GetProperty("score"), summary.Score!.Value);
        Near(golden, "without penalty", expected.GetProperty("init_score"), summary.UnpenalisedScore!.Value);
        Near(golden, "respond ratio", expected.GetProperty("respond_ratio"), summary.RespondRatio);
        Near(golden, "facts", expected.GetProperty("num_facts_per_response"), summary.FactsPerResponse!.Value);
    }

    private static void CheckSquad(GoldenCase golden, JsonElement given)
    {
        foreach (var item in given.GetProperty("cases").EnumerateArray())
        {
            var (answer, references) = (item.GetProperty("prediction").GetString()!, Texts(item.GetProperty("references")));
            golden.Equal(answer, item.GetProperty("normalised_prediction").GetString(), Squad.Normalise(answer));
            golden.Equal(answer, string.Join('|', Texts(item.GetProperty("normalised_references"))), string.Join('|', references.Select(Squad.Normalise)));
            Near(golden, answer + " em", item.GetProperty("em"), Squad.ExactMatch(answer, references));
            Near(golden, answer + " F1", item.GetProperty("f1"), Squad.F1(answer, references));
        }
    }

    private static void CheckQaConsistency(GoldenCase golden, JsonElement given)
    {
        AnsweredQuestion[] questions =
            [.. given.GetProperty("questions").EnumerateArray().Select(q => new AnsweredQuestion(q.GetProperty("summary_answer").GetString()!, q.GetProperty("document_answer").GetString()))];
        Near(golden, "questions", given.GetProperty("results").GetProperty("per_question"), [.. questions.Select(q => q.F1)]);
        Near(golden, "score", given.GetProperty("results").GetProperty("score"), QaConsistency.Score(questions)!.Value);
    }

    private static void CheckFever(GoldenCase golden, JsonElement given)
    {
        static EvidenceSentence Sentence(JsonElement e) => new(e[0].GetString()!, e[1].GetInt32());
        var (scores, expected) = (Fever.Score([.. given.GetProperty("records").EnumerateArray().Select(r => new FeverPrediction(
            r.GetProperty("label").GetString()!,
            r.GetProperty("predicted_label").GetString()!,
            [.. r.GetProperty("evidence").EnumerateArray().Select(set => set.EnumerateArray().Select(Sentence).ToArray())],
            [.. r.GetProperty("predicted_evidence").EnumerateArray().Select(Sentence)]))]), given.GetProperty("results"));
        Near(golden, "label accuracy", expected.GetProperty("label_accuracy"), scores.LabelAccuracy);
        Near(golden, "score", expected.GetProperty("fever_score"), scores.Score);
        Near(golden, "precision", expected.GetProperty("evidence_precision"), scores.EvidencePrecision);
        Near(golden, "recall", expected.GetProperty("evidence_recall"), scores.EvidenceRecall);
        Near(golden, "F1", expected.GetProperty("evidence_f1"), scores.EvidenceF1);
    }

    private static void CheckChoices(GoldenCase golden, JsonElement given)
    {
        foreach (var item in given.GetProperty("cases").EnumerateArray())
        {
            var name = item.GetProperty("name").GetString()!;
            double[] scores = Numbers(item.GetProperty("log_likelihoods"));
            bool[] isTrue = [.. item.GetProperty("labels").EnumerateArray().Select(l => l.GetInt32() == 1)];
            Near(golden, name + ": mc1", item.GetProperty("mc1"), TruthfulQaChoices.Mc1(scores));
            Near(golden, name + ": mc2", item.GetProperty("mc2"), TruthfulQaChoices.Mc2(scores, isTrue));
            Near(golden, name + ": mc2, plain exponents", item.GetProperty("mc2_lm_eval_plain_exp"), TruthfulQaChoices.Mc2PlainExponents(scores, isTrue));
            Near(golden, name + ": mc3", item.GetProperty("mc3"), TruthfulQaChoices.Mc3(scores, isTrue));
            Near(golden, name + ": margin", item.GetProperty("max_true_minus_max_false"), TruthfulQaChoices.Margin(scores, isTrue));
        }
    }

    private static NliProbabilities[][] Pairs(JsonElement matrix) =>
        [.. matrix.EnumerateArray().Select(chunk => chunk.EnumerateArray().Select(s => new NliProbabilities(s[0].GetDouble(), s[1].GetDouble(), s[2].GetDouble())).ToArray())];
}
