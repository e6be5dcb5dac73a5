using System.Globalization;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Likelihood;
using Alidade.Evaluation.Tasks;
using Alidade.Evaluation.Tasks.Harness;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>Every task that the harness ran, run from its task file: texts, tokens, log-likelihoods, answers and metrics of every document; aggregates and standard errors.</summary>
[Golden("evaluation/lm-eval/*/tasks/*.jsonl")]
[Golden("evaluation/lm-eval/*/results.json")]
public sealed class HarnessTaskGoldenTests
{
    public static IEnumerable<TheoryDataRow<string>> Tasks() => GoldenFolder.Rows(() => HarnessRuns.ModelFolders().SelectMany(m => GoldenFolder.Files(m + "/tasks", "*.jsonl")));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tasks))]
    [Trait("Kind", "Golden")]
    public void Documents_and_results_equal_the_harness(string path) => GoldenCase.Run("evaluation/lm-eval", path, golden =>
    {
        var model = path.Split('/')[^3];
        var name = Path.GetFileNameWithoutExtension(path);
        var lines = File.ReadLines(GoldenFolder.PathOf(path)).Select(l => JsonNode.Parse(l)!).ToArray();
        var results = HarnessRuns.Read($"evaluation/lm-eval/{model}/results.json")["tasks"]![name]!;
        var task = Task(name, lines, results);
        var context = HarnessRuns.Context(model);
        var outcome = task.MeasureAsync(context).GetAwaiter().GetResult();
        golden.Equal("samples", lines.Length, outcome.Harness.Samples.Count);

        var largest = 0.0;
        var tokens = new PromptTokens(HarnessRuns.Model(model), new());
        foreach (var (line, sample) in lines.Zip(outcome.Harness.Samples))
        {
            var at = $"document {line["doc_id"]}, {line["filter"]}";
            golden.Equal(at + ": number", line["doc_id"]!.GetValue<int>(), sample["doc_id"]!.GetValue<int>());
            golden.Equal(at + ": filter", line["filter"]!.GetValue<string>(), sample["filter"]!.GetValue<string>());
            golden.Equal(at + ": target", Shown(line["target"]!), sample["target"]!.GetValue<string>());
            golden.Equal(at + ": prompt_hash", line["prompt_hash"]!.GetValue<string>(), sample["prompt_hash"]!.GetValue<string>());
            golden.Equal(at + ": target_hash", line["target_hash"]!.GetValue<string>(), sample["target_hash"]!.GetValue<string>());
            var moves = Requests(golden, at, model, tokens, line, sample);
            largest = Math.Max(largest, moves);
            Metrics(golden, at, line, sample, moves);
        }

        Numbers(golden, results, outcome.Harness, largest);
        if (results["not_in_harness"] is { } groups)
        {
            var exact = outcome.Results.Single(r => r.Measurement.Name.EndsWith(".exact_groups", StringComparison.Ordinal)).Measurement;
            golden.Equal("groups", groups["n_groups"]!.GetValue<int>(), exact.Count);
            golden.Close("groups that are all right", groups["exact_match"]!.GetValue<double>(), exact.Value!.Value, 1e-12);
        }
    });

    /// <summary>The task file of a recorded task, with what its run overrode.</summary>
    private static DeclaredTask Task(string name, JsonNode[] lines, JsonNode results)
    {
        var definition = HarnessFileOf(name);
        var over = results["overrides"];
        var file = definition.File;
        if (over?["num_fewshot"] is { } shots)
            file = file with { Examples = file.Examples with { Count = shots.GetValue<int>(), MayShowItself = false } };
        if (over?["description"] is { } description)
            file = file with { Description = description.GetValue<string>() };
        if (over?["generation_kwargs"] is { } keys)
            file = file with { Generate = file.Generate with { MaxNewTokens = keys["max_gen_toks"]!.GetValue<int>(), Stop = [.. keys["until"]!.AsArray().Select(s => s!.GetValue<string>())] } };
        if (over?["metric_list"] is JsonArray metrics)
            file = file with { Metrics = [.. metrics.Select(m => new MetricEntry { Metric = m!["metric"]!.GetValue<string>() })] };
        // What Alidade has otherwise: a behaviour is not marked as better, and a bias score without a biased answer is −1.
        if (name.StartsWith("persona_", StringComparison.Ordinal) || name.StartsWith("advanced_ai_risk_", StringComparison.Ordinal))
            file = file with { Metrics = [new() { Metric = "acc", Direction = Direction.Higher }] };
        if (name.StartsWith("bbq", StringComparison.Ordinal))
            file = file with { Metrics = [new() { Metric = "bbq", ZeroWithoutBiased = true }] };
        var documents = lines.DistinctBy(l => l["doc_id"]!.GetValue<int>()).Select(l => l["source"]!);
        return DeclaredTask.Of(definition with { File = file }, HarnessRuns.Rows(name, documents), HarnessRuns.Pool(name));
    }

    /// <summary>The task file of a task of the harness.</summary>
    internal static LoadedTaskFile HarnessFileOf(string name) => TaskFiles.Read(name switch
    {
        "arc_easy_brier" => "arc_easy",
        _ when name.StartsWith("mmlu_", StringComparison.Ordinal) => "mmlu",
        _ when name.StartsWith("persona_", StringComparison.Ordinal) => "persona",
        _ when name.StartsWith("advanced_ai_risk_", StringComparison.Ordinal) => "advanced_ai_risk",
        _ => name,
    });

    // The largest change that the tolerance of log-likelihoods allows a metric.
    private static double Requests(GoldenCase golden, string at, string model, PromptTokens tokens, JsonNode line, JsonObject sample)
    {
        var requests = line["requests"]!.AsArray();
        var arguments = sample["arguments"]!.AsObject().Select(a => a.Value!).ToArray();
        var responses = sample["resps"]!.AsArray();
        golden.Equal(at + ": requests", requests.Count, arguments.Length);
        var largest = 0.0;
        for (var r = 0; r < requests.Count; r++)
        {
            var (request, where) = (requests[r]!, $"{at}, request {r}");
            if (request["text"] is { } text)
            {
                golden.Equal(where + ": text", text.GetValue<string>(), arguments[r]["arg_0"]!.GetValue<string>());
                var ids = tokens.Of(text.GetValue<string>());
                golden.Equal(where + ": tokens", Text(request["tokens"]!), string.Join(' ', ids));
                var reader = HarnessRuns.Model(model);
                largest = Math.Max(largest, Near(golden, where, model, request, responses[r]![0]!,
                    [.. RollingWindows.Of(ids, ContinuationTokens.Prefix(reader), reader.Config.ContextLength - 1).Select(w => new PredictedTokens(w.Context, w.Predicted))]));
                continue;
            }

            var context = (request["context"] ?? line["context"])!.GetValue<string>();
            golden.Equal(where + ": context", context, arguments[r]["arg_0"]!.GetValue<string>());
            if (request["continuation"] is not { } continuation)
            {
                golden.Equal(where + ": context tokens", Text(request["context_tokens"]!), string.Join(' ', tokens.Of(Prompt.OfText(context))));
                golden.Equal(where + ": responses", request["responses"]!.ToJsonString(), responses[r]!.ToJsonString());
                golden.Equal(where + ": filtered", line["filtered"]!.ToJsonString(), sample["filtered_resps"]!.ToJsonString());
                continue;
            }

            golden.Equal(where + ": continuation", continuation.GetValue<string>(), arguments[r]["arg_1"]!.GetValue<string>());
            var (before, after) = tokens.Of(Prompt.OfText(context), [continuation.GetValue<string>()]);
            golden.Equal(where + ": context tokens", Text((request["context_tokens"] ?? line["context_tokens"])!), string.Join(' ', before));
            golden.Equal(where + ": tokens", Text(request["continuation_tokens"]!), string.Join(' ', after[0]));
            golden.Equal(where + ": is_greedy", request["is_greedy"]!.GetValue<bool>() ? "True" : "False", responses[r]![0]![1]!.GetValue<string>());
            largest = Math.Max(largest, Near(golden, where, model, request, responses[r]![0]![0]!, [new(before, after[0])]));
        }

        return largest;
    }

    private static double Near(GoldenCase golden, string where, string model, JsonNode request, JsonNode actual, IReadOnlyList<PredictedTokens> windows)
    {
        var expected = request["loglikelihood"]!.GetValue<double>();
        HarnessRuns.Near(golden, where, model, expected, double.Parse(actual.GetValue<string>(), CultureInfo.InvariantCulture), windows);
        return HarnessRuns.Tolerance(model, expected, windows.Sum(w => w.Predicted.Count));
    }

    // They move with the log-likelihoods; a score of whether cannot move by so little.
    private static void Metrics(GoldenCase golden, string at, JsonNode line, JsonObject sample, double moves)
    {
        foreach (var (metric, expected) in line["metrics"]!.AsObject())
        {
            if (expected is JsonArray { Count: > 1 } list && list.Skip(1).Any(v => IsNaN(v)))
                golden.Equal($"{at}: {metric} has no part", false, sample.ContainsKey(metric));
            else if (expected is JsonArray tuple && sample[metric] is JsonArray values)
                golden.Close($"{at}: {metric}", [.. tuple.Select(Value)], [.. values.Select(Value)], 2 * moves);
            // The right choice and the probabilities, which the harness scores when it aggregates.
            else if (expected is JsonArray { Count: 2 } pair && pair[1] is JsonArray probabilities)
                golden.Close($"{at}: {metric}", probabilities.Select((p, i) => Math.Pow(Value(p) - (i == pair[0]!.GetValue<int>() ? 1 : 0), 2)).Sum(), Value(sample[metric]), 2 * moves);
            else
                golden.Close($"{at}: {metric}", Value(expected), Value(sample[metric]), Math.Max(1e-12 * Math.Max(1, Math.Abs(Value(expected))), 2 * moves));
        }
    }

    private static void Numbers(GoldenCase golden, JsonNode results, HarnessTask harness, double moves)
    {
        var numbers = harness.Numbers().ToDictionary(n => $"{n.Metric},{n.Filter}", StringComparer.Ordinal);
        foreach (var (key, value) in results["results"]!.AsObject().Where(r => r.Key.Contains(',', StringComparison.Ordinal)))
        {
            var (metric, filter) = (key.Split(',')[0], key.Split(',')[1]);
            var isError = metric.EndsWith("_stderr", StringComparison.Ordinal);
            var number = numbers[(isError ? metric[..^"_stderr".Length] : metric) + "," + filter];
            var actual = isError ? number.StandardError : number.Value;
            if (value!.GetValueKind() == System.Text.Json.JsonValueKind.String && value.GetValue<string>() == "N/A")
                golden.Equal(key, null, actual);
            // An exponent of a sum: relative to itself.
            else
                golden.Close(key, Value(value), actual ?? double.NaN, Math.Max(1e-12, 2 * moves) * Math.Max(1, Math.Abs(Value(value))));
        }

        foreach (var (metric, better) in results["higher_is_better"]!.AsObject())
            golden.Equal($"higher_is_better of {metric}", better!.GetValue<bool>(), numbers.Values.First(n => n.Metric == metric).HigherIsBetter);
    }

    private static bool IsNaN(JsonNode? value) => value!.GetValueKind() == System.Text.Json.JsonValueKind.String;

    private static double Value(JsonNode? value) => value!.GetValueKind() switch
    {
        System.Text.Json.JsonValueKind.True => 1,
        System.Text.Json.JsonValueKind.False => 0,
        System.Text.Json.JsonValueKind.String => double.Parse(value.GetValue<string>(), CultureInfo.InvariantCulture),
        _ => value.GetValue<double>(),
    };

    private static string Shown(JsonNode target) => target.GetValueKind() == System.Text.Json.JsonValueKind.String ? target.GetValue<string>() : target.ToJsonString();

    private static string Text(JsonNode list) => string.Join(' ', list.AsArray().Select(n => n!.GetValue<int>()));
}
