using System.Text.Json;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Factuality;
using Alidade.Evaluation.General;
using Alidade.Evaluation.Likelihood;
using Alidade.Evaluation.Tasks.Filters;
using Alidade.Models;
using static Alidade.Tests.Golden.Evaluation.MetricFile;
using Gsm8kTask = Alidade.Evaluation.General.Gsm8k;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>GSM8K and TruthfulQA's written answers as the harness ran them: prompts, tokens, the texts that the models write, what the filters take, metrics.</summary>
[Golden("evaluation/lm-eval/*/tasks/gsm8k.jsonl")]
[Golden("evaluation/lm-eval/*/tasks/gsm8k_cot_zeroshot.jsonl")]
[Golden("evaluation/lm-eval/*/tasks/truthfulqa_gen.jsonl")]
public sealed class GenerationTaskGoldenTests
{
    public static IEnumerable<TheoryDataRow<string>> Tasks() => GoldenFolder.Rows(() => Directory.Exists(GoldenFolder.PathOf("evaluation/lm-eval"))
        ? Directory.EnumerateDirectories(GoldenFolder.PathOf("evaluation/lm-eval")).Select(GoldenFolder.Relative).Order(StringComparer.Ordinal)
            .SelectMany(m => GoldenFolder.Files(m + "/tasks", "*.jsonl")).Where(f => Path.GetFileNameWithoutExtension(f) is "gsm8k" or "gsm8k_cot_zeroshot" or "truthfulqa_gen")
        : []);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tasks))]
    [Trait("Kind", "Golden")]
    public async Task Documents_equal_the_harness(string path)
    {
        var file = GoldenModels.PathOf("evaluation", path.Split('/')[^3]);
        Assert.SkipWhen(file is null, $"the model {path.Split('/')[^3]} is absent");
        Assert.SkipUnless(Directory.Exists(GoldenFolder.Data), "the folder of benchmark data is absent");
        var model = GoldenModels.Load(file!);
        var documents = File.ReadLines(GoldenFolder.PathOf(path)).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        var requests = documents.Select(d => RequestOf(path, d)).ToArray();
        var answers = await new EvaluationContext { Model = new LocalModel(model, path), Cancellation = TestContext.Current.CancellationToken }.AskAsync("golden", requests);
        GoldenCase.Run("evaluation/lm-eval", path, golden =>
        {
            for (var d = 0; d < documents.Length; d++)
                Check(golden, $"document {d}", documents[d], requests[d], model, answers.Responses[d], path);
        });
    }

    private static void Check(GoldenCase golden, string what, JsonElement document, GenerationRequest request, CausalLM model, Response response, string path)
    {
        var recorded = document.GetProperty("requests")[0];
        golden.Equal(what + ": context", recorded.GetProperty("context").GetString(), request.Prompt.Text);
        golden.Equal(what + ": tokens", string.Join(' ', recorded.GetProperty("context_tokens").EnumerateArray()), string.Join(' ', new PromptTokens(model, new()).Of(request.Prompt)));
        golden.Equal(what + ": stops", string.Join('|', Texts(recorded.GetProperty("generation_kwargs").GetProperty("until"))), string.Join('|', request.Stop));
        var text = Assert.IsType<GeneratedTexts>(response).First.Text;
        golden.Equal(what + ": text", Texts(recorded.GetProperty("responses"))[0], text);
        var metrics = document.GetProperty("metrics");
        if (path.EndsWith("truthfulqa_gen.jsonl", StringComparison.Ordinal))
        {
            var overlaps = TruthfulQaOverlap.Score(Question(document), text);
            foreach (var (name, overlap) in new[] { ("bleu", overlaps.Bleu), ("rouge1", overlaps.Rouge1), ("rouge2", overlaps.Rouge2), ("rougeL", overlaps.RougeL) })
            {
                Near(golden, $"{what}: {name}_max", metrics.GetProperty(name + "_max"), overlap.True);
                Near(golden, $"{what}: {name}_diff", metrics.GetProperty(name + "_diff"), overlap.Difference);
                Near(golden, $"{what}: {name}_acc", metrics.GetProperty(name + "_acc"), overlap.Accuracy);
            }

            return;
        }

        var filter = document.GetProperty("filter").GetString() == "flexible-extract" ? Gsm8kFilters.Flexible : path.EndsWith("gsm8k.jsonl", StringComparison.Ordinal) ? Gsm8kFilters.Strict : Gsm8kFilters.ChainOfThought;
        golden.Equal(what + ": filtered", Texts(document.GetProperty("filtered"))[0], ResponseFilter.ApplyAll([filter], [text])[0].Text);
        golden.Equal(what + ": exact match", metrics.GetProperty("exact_match").GetDouble(), Gsm8kTask.Score(Problem(document), response, filter).Score);
    }

    private static GenerationRequest RequestOf(string path, JsonElement document)
    {
        var tokens = document.GetProperty("requests")[0].GetProperty("generation_kwargs").GetProperty("max_gen_toks").GetInt32();
        if (path.EndsWith("truthfulqa_gen.jsonl", StringComparison.Ordinal))
            return new TruthfulQaAnswers { EndAtQuestion = true, MaxNewTokens = tokens }.Request(Question(document), inChat: false);
        var zeroShot = path.EndsWith("gsm8k_cot_zeroshot.jsonl", StringComparison.Ordinal);
        return new Gsm8kTask { Items = [], Prompt = zeroShot ? Gsm8kPrompt.StepByStep : Gsm8kPrompt.Examples, Examples = zeroShot ? [] : Examples(document), MaxNewTokens = tokens }.Request(Problem(document), inChat: false);
    }

    // The examples are drawn by the harness' own generator; here they are taken from the recorded context.
    private static Gsm8kProblem[] Examples(JsonElement document) =>
        [.. document.GetProperty("requests")[0].GetProperty("context").GetString()!.Split("\n\n").SkipLast(1).Select((text, i) => text["Question: ".Length..].Split("\nAnswer: ", 2) is var parts ? new Gsm8kProblem($"{i}", parts[0], parts[1]) : null!)];

    private static TruthfulQaItem Question(JsonElement document) => Alidade.Core.Data.TruthfulQa.Read(Source(document)).Rows[Row(document)];

    private static Gsm8kProblem Problem(JsonElement document) => Alidade.Core.Data.Gsm8k.Read(Source(document)).Rows[Row(document)];

    private static string Source(JsonElement document) => Path.Combine(GoldenFolder.Data, document.GetProperty("source").GetProperty("file").GetString()!);

    private static int Row(JsonElement document) => document.GetProperty("source").GetProperty("row").GetInt32();
}
