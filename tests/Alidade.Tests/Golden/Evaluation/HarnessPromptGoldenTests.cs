using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Likelihood;
using Alidade.Evaluation.Tasks;
using Alidade.Evaluation.Tasks.Harness;
using Alidade.Models;
using Alidade.Models.Chat;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>How prompts are put together: examples, description, beginnings of answers, conversations; and the files that the harness writes.</summary>
[Golden("evaluation/lm-eval/*/fewshot.json")]
[Golden("evaluation/lm-eval/*/chat.json")]
[Golden("evaluation/lm-eval/*/format-example")]
public sealed class HarnessPromptGoldenTests
{
    // Their definitions name no test split, so that the harness takes the item out of its own examples.
    private static readonly string[] WithoutTestSplit = ["persona_", "advanced_ai_risk_", "truthfulqa_", "winogrande", "hellaswag"];

    public static IEnumerable<TheoryDataRow<string>> FewShot() => GoldenFolder.Rows(() => HarnessRuns.FilesOf("fewshot.json").SelectMany(f => HarnessRuns.Read(f).AsObject().SelectMany(p => p.Value!.AsArray().Select((_, i) => $"{f}/{p.Key}/{i}"))));

    public static IEnumerable<TheoryDataRow<string>> Chat() => GoldenFolder.Rows(() => HarnessRuns.FilesOf("chat.json").SelectMany(f => HarnessRuns.Read(f).AsObject().SelectMany(p => p.Value!.AsArray().Select((_, i) => $"{f}/{p.Key}/{i}"))));

    public static IEnumerable<TheoryDataRow<string>> Formats() => GoldenFolder.Rows(() => HarnessRuns.ModelFolders().Select(m => m + "/format-example").Where(f => Directory.Exists(GoldenFolder.PathOf(f))));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(FewShot))]
    [Trait("Kind", "Golden")]
    public void Examples_and_contexts_equal_the_harness(string path) => GoldenCase.Run("evaluation/lm-eval", path, golden =>
    {
        var (kind, run, model) = Case(path);
        switch (kind)
        {
            case "random_sample":
                var random = new PythonRandom(run["seed"]!.GetValue<int>());
                foreach (var sample in run["three_successive_samples"]!.AsArray())
                    golden.Equal("sample", Text(sample!), string.Join(' ', random.Sample(run["population"]!.GetValue<int>(), run["k"]!.GetValue<int>())));
                return;
            case "shuffle_by_string_seed":
                var seed = run["seed"]!.GetValue<string>();
                golden.Equal("random", run["random"]!.GetValue<double>(), new PythonRandom(seed).NextDouble());
                foreach (var key in new[] { "order", "order5" })
                {
                    var order = Enumerable.Range(0, run[key]!.AsArray().Count).ToList();
                    new PythonRandom(seed).Shuffle(order);
                    golden.Equal(key, Text(run[key]!), string.Join(' ', order));
                }

                return;
        }

        var name = run["task"]!.GetValue<string>();
        var pool = run["pool"] as JsonArray;
        var documents = pool?.Select(p => p!) ?? Documents(model, name);
        var rows = HarnessRuns.Rows(name, documents);
        var task = DeclaredTask.Of(
            Overridden(name, run["overrides"]!.AsObject(), run["num_fewshot"]!.GetValue<int>(), run["fewshot_seed"]!.GetValue<int>()), rows, HarnessRuns.Pool(name));
        golden.Equal("pool", run["pool_size"]!.GetValue<int>(), (task.Pool ?? task.Items).Count);
        var sampler = new FewShotSampler(task.Definition.File.Examples, task.Pool ?? task.Items, task.Pool is null);
        var recorded = run["documents"]!.AsArray();
        // Asked in order: one generator serves them all.
        var asked = task.Asked([.. task.Items.Take(recorded.Count)], inChat: false);
        for (var d = 0; d < recorded.Count; d++)
        {
            var (expected, document) = (recorded[d]!, asked[d]);
            golden.Equal($"document {d}: examples", Text(expected["examples"]!), string.Join(' ', sampler.For(document.Row).Select(e => (task.Pool ?? task.Items).ToList().IndexOf(e))));
            golden.Equal($"document {d}: context", Joined(expected["context"]!), string.Join('\u0001', document.Contexts.Select(c => c.Text)));
            // Choices are asked a second time with nothing before them where mutual information is wanted.
            golden.Equal($"document {d}: continuations", string.Join('\u0001', expected["continuations"]!.AsArray().Select(c => c!.GetValue<string>())),
                string.Join('\u0001', Enumerable.Repeat(document.Continuations, expected["continuations"]!.AsArray().Count / document.Continuations.Count).SelectMany(c => c)));
        }
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Chat))]
    [Trait("Kind", "Golden")]
    public void Conversations_equal_the_harness(string path) => GoldenCase.Run("evaluation/lm-eval", path, golden =>
    {
        var (kind, run, name) = Case(path);
        var model = HarnessRuns.Model(name);
        if (kind == "rendered")
        {
            Rendered(golden, run, model);
            return;
        }

        var settings = run["settings"]!;
        var task = run["task"]!.GetValue<string>();
        var items = run["items"]!.AsArray();
        var definition = Overridden(task, run["overrides"]!.AsObject(), settings["num_fewshot"]?.GetValue<int>() ?? 0, 1234);
        definition = definition with
        {
            File = definition.File with
            {
                System = settings["system_instruction"]?.GetValue<string>(),
                Examples = definition.File.Examples with { AsTurns = settings["fewshot_as_multiturn"]!.GetValue<bool>() },
            },
        };
        var declared = DeclaredTask.Of(definition, HarnessRuns.Rows(task, items.Select(i => i!["source"]!)));
        var outcome = declared.MeasureAsync(HarnessRuns.Context(name) with { Chat = ChatUse.Always }).GetAwaiter().GetResult();
        var asked = declared.Asked(declared.Items, inChat: true);
        var tokens = new PromptTokens(model, new());
        for (var i = 0; i < items.Count; i++)
        {
            var requests = items[i]!["requests"]!.AsArray();
            var contexts = asked[i].Contexts;
            golden.Equal($"item {i}: requests", requests.Count, contexts.Count * asked[i].Continuations.Count);
            for (var r = 0; r < requests.Count; r++)
            {
                var (request, what) = (requests[r]!, $"item {i}, request {r}");
                var (context, continuation) = (contexts[r / asked[i].Continuations.Count], asked[i].Continuations[r % asked[i].Continuations.Count]);
                golden.Equal(what + ": context", (request["context"] ?? items[i]!["context"])!.GetValue<string>(), ChatEncoder.Render(model, context.Messages!).Text);
                golden.Equal(what + ": continuation", request["continuation"]!.GetValue<string>(), continuation);
                var (before, after) = tokens.Of(context, [continuation]);
                golden.Equal(what + ": context tokens", Text((request["context_tokens"] ?? items[i]!["context_tokens"])!), string.Join(' ', before));
                golden.Equal(what + ": tokens", Text(request["continuation_tokens"]!), string.Join(' ', after[0]));
                var (expected, score) = (request["loglikelihood"]!.GetValue<double>(), outcome.Harness.Samples[i]["resps"]![r]![0]!);
                HarnessRuns.Near(golden, what, name, expected, double.Parse(score[0]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture), [new(before, after[0])]);
                golden.Equal(what + ": is_greedy", request["is_greedy"]!.GetValue<bool>() ? "True" : "False", score[1]!.GetValue<string>());
            }

            golden.Equal($"item {i}: acc", items[i]!["metrics"]!["acc"]!.GetValue<double>(), outcome.Harness.Samples[i]["acc"]!.GetValue<double>());
        }

        golden.Close("acc", run["results"]!["acc,none"]!.GetValue<double>(), outcome.Harness.Numbers(0).Single(n => n.Metric == "acc").Value, 1e-12);
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Formats))]
    [Trait("Kind", "Golden")]
    public void Files_of_the_harness_are_read_and_written_alike(string path) => GoldenCase.Run("evaluation/lm-eval", path, golden =>
    {
        var model = path.Split('/')[^2];
        var results = GoldenFolder.Files(path, "results_*.json").Single();
        var read = HarnessFiles.ReadResults(GoldenFolder.PathOf(results));
        foreach (var file in GoldenFolder.Files(path, "samples_*.jsonl"))
        {
            var name = read.Keys.Single(t => Path.GetFileName(file).StartsWith($"samples_{t}_20", StringComparison.Ordinal));
            var samples = HarnessFiles.ReadSamples(GoldenFolder.PathOf(file));
            var lines = File.ReadLines(GoldenFolder.PathOf(file)).Select(l => JsonNode.Parse(l)!.AsObject()).ToArray();
            var config = HarnessRuns.Read(results)["configs"]![name]!;
            var rows = lines.DistinctBy(l => l["doc_id"]!.GetValue<int>()).Select((l, i) => new FieldRow($"{i}", file, i + 1,
                l["doc"]!.AsObject().ToDictionary(f => f.Key, f => System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(f.Value), StringComparer.Ordinal))).ToArray();
            var definition = HarnessTaskGoldenTests.HarnessFileOf(name);
            definition = definition with
            {
                File = definition.File with
                {
                    Metrics = config["metric_list"] is JsonArray { Count: > 1 } metrics ? [.. metrics.Select(m => new MetricEntry { Metric = m!["metric"]!.GetValue<string>() })] : definition.File.Metrics,
                    Generate = config["generation_kwargs"] is { } keys ? definition.File.Generate with { MaxNewTokens = keys["max_gen_toks"]!.GetValue<int>() } : definition.File.Generate,
                },
            };
            var outcome = DeclaredTask.Of(definition, rows).MeasureAsync(HarnessRuns.Context(model)).GetAwaiter().GetResult();
            golden.Equal($"{name}: samples", samples.Count, outcome.Harness.Samples.Count);
            foreach (var (line, sample) in lines.Zip(outcome.Harness.Samples))
            {
                golden.Equal($"{name}: keys", string.Join(' ', line.Select(f => f.Key)), string.Join(' ', sample.Select(f => f.Key)));
                foreach (var (key, value) in line.Where(f => f.Key is not ("resps" or "filtered_resps")))
                    golden.Equal($"{name}: {key}", PythonJson.Line(value!), PythonJson.Line(sample[key]!));
                // The log-likelihoods' last digits are each one's own.
                golden.Equal($"{name}: shape of resps", Shape(line["resps"]!), Shape(sample["resps"]!));
                golden.Equal($"{name}: shape of filtered_resps", Shape(line["filtered_resps"]!), Shape(sample["filtered_resps"]!));
            }

            foreach (var number in outcome.Harness.Numbers(1000))
            {
                var expected = read[name].Single(n => n.Metric == number.Metric && n.Filter == number.Filter);
                golden.Close($"{name}: {number.Metric}", expected.Value!.Value, number.Value, 1e-12);
                golden.Close($"{name}: {number.Metric} stderr", expected.StandardError!.Value, number.StandardError!.Value, 1e-12);
            }

            golden.Equal($"{name}: hash", HarnessRuns.Read(results)["task_hashes"]![name]!.GetValue<string>(), HarnessFiles.HashOf(outcome.Harness.Samples));
            var keysOfConfig = HarnessDefinition.Of(name, definition.File).Select(k => k.Key).ToHashSet(StringComparer.Ordinal);
            foreach (var key in config.AsObject().Select(k => k.Key).Except(["custom_dataset", "training_split", "validation_split", "test_split", "fewshot_split", "doc_to_decontamination_query"]))
                golden.Equal($"{name}: config has {key}", true, keysOfConfig.Contains(key));
            foreach (var (mine, line) in samples.Zip(lines))
                golden.Equal($"{name}: read metrics", string.Join(' ', line["metrics"]!.AsArray()), string.Join(' ', mine.Metrics.Keys));
        }
    });

    private static void Rendered(GoldenCase golden, JsonNode run, CausalLM model)
    {
        Message[] messages = [.. run["messages"]!.AsArray().Select(m => new Message(m!["role"]!.GetValue<string>(), m["content"]!.GetValue<string>()))];
        var template = model.ChatTemplate!;
        if (run["note"] is not null)
        {
            // The reference's way to forbid the role, in front of the same template.
            template = ChatTemplate.Parse("{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + template.Source, "strict");
            Assert.Throws<AlidadeException>(() => template.Render(messages, new() { AddGenerationPrompt = true }));
            messages = [.. DeclaredTask.WithoutRefusedSystem(m => template.Render(m, new() { AddGenerationPrompt = true }), messages)];
        }

        var options = new ChatRenderOptions { AddGenerationPrompt = true, SpecialTokens = new Dictionary<string, string> { ["eos_token"] = model.Tokenizer.Token(model.Tokenizer.EndOfText!.Value) } };
        golden.Equal("text", run["text"]!.GetValue<string>(), (run["add_generation_prompt"]!.GetValue<bool>() ? template.Render(messages, options) : template.RenderUnfinished(messages, options)).Text);
    }

    private static LoadedTaskFile Overridden(string name, JsonObject overrides, int shots, int seed)
    {
        var definition = HarnessTaskGoldenTests.HarnessFileOf(name);
        var file = definition.File;
        var examples = file.Examples with
        {
            Count = shots,
            Seed = seed,
            MayShowItself = !overrides.ContainsKey("fewshot_split") && !WithoutTestSplit.Any(t => name.StartsWith(t, StringComparison.Ordinal)),
        };
        foreach (var (key, value) in overrides)
            switch (key)
            {
                case "num_fewshot" or "fewshot_split":
                    break;
                case "fewshot_config":
                    examples = examples with { Sampler = value!["sampler"]!.GetValue<string>() == "first_n" ? ExampleSampler.FirstN : throw new NotBuiltException($"the sampler {value}") };
                    break;
                case "fewshot_delimiter":
                    examples = examples with { Separator = value!.GetValue<string>() };
                    break;
                case "target_delimiter":
                    file = file with { Delimiter = value!.GetValue<string>() };
                    break;
                case "description":
                    file = file with { Description = value!.GetValue<string>() };
                    break;
                case "gen_prefix":
                    file = file with { Prefix = value!.GetValue<string>() };
                    break;
                default:
                    throw new NotBuiltException($"the override {key}");
            }

        // In the listing of mmlu its description comes with the task.
        return definition with { File = file with { Examples = examples, Description = name.StartsWith("mmlu", StringComparison.Ordinal) ? "The following are questions about general knowledge.\n\n" : file.Description } };
    }

    private static IEnumerable<JsonNode> Documents(string model, string task) => File.ReadLines(GoldenFolder.PathOf($"evaluation/lm-eval/{model}/tasks/{task}.jsonl")).Select(l => JsonNode.Parse(l)!["source"]!);

    private static (string Kind, JsonNode Run, string Model) Case(string path)
    {
        var parts = path.Split('/');
        return (parts[^2], HarnessRuns.Read(string.Join('/', parts[..^2]))[parts[^2]]![int.Parse(parts[^1], System.Globalization.CultureInfo.InvariantCulture)]!, parts[^4]);
    }

    private static string Shape(JsonNode node) => node is JsonArray list ? "[" + string.Join(",", list.Select(i => Shape(i!))) + "]" : node.GetValueKind().ToString();

    private static string Joined(JsonNode context) => context is JsonArray list ? string.Join('\u0001', list.Select(c => c!.GetValue<string>())) : context.GetValue<string>();

    private static string Text(JsonNode list) => string.Join(' ', list.AsArray().Select(n => n!.GetValue<int>()));
}
