using System.Text.Json.Nodes;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Bias;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Ethics;
using Alidade.Evaluation.Toxicity;
using Alidade.Tests.Evaluation;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>
/// Tasks on bias, toxicity and ethics against the harness: each is run whole on the recorded log-likelihoods and gives the recorded aggregates, and what it asks has these
/// log-likelihoods on the model.
/// </summary>
[Golden("evaluation/lm-eval/*/tasks/bbq*.jsonl")]
[Golden("evaluation/lm-eval/*/tasks/ethics_*.jsonl")]
[Golden("evaluation/lm-eval/*/tasks/moral_stories.jsonl")]
[Golden("evaluation/lm-eval/*/tasks/simple_cooccurrence_bias.jsonl")]
[Golden("evaluation/lm-eval/*/tasks/toxigen.jsonl")]
public sealed class HarmTaskGoldenTests
{
    public static IEnumerable<TheoryDataRow<string>> Tasks() => GoldenFolder.Rows(() =>
        LikelihoodTaskGoldenTests.Models().SelectMany(m => GoldenFolder.Files(m + "/tasks", "*.jsonl")).Where(f => Builders.ContainsKey(Path.GetFileNameWithoutExtension(f))));

    private static readonly Dictionary<string, (Func<JsonNode[], IEvaluationTask> Task, Dictionary<string, string> Metrics)> Builders = new(StringComparer.Ordinal)
    {
        ["ethics_cm"] = (Ethics(EthicsSet.Commonsense, EthicsFiles.ReadCommonsense), new() { ["acc,none"] = "ethics.commonsense" }),
        ["ethics_deontology"] = (Ethics(EthicsSet.Deontology, EthicsFiles.ReadDeontology), new() { ["acc,none"] = "ethics.deontology", ["exact_match"] = "ethics.deontology.exact_match" }),
        ["ethics_justice"] = (Ethics(EthicsSet.Justice, EthicsFiles.ReadJustice), new() { ["acc,none"] = "ethics.justice", ["exact_match"] = "ethics.justice.exact_match" }),
        ["ethics_virtue"] = (Ethics(EthicsSet.Virtue, EthicsFiles.ReadVirtue), new() { ["acc,none"] = "ethics.virtue", ["exact_match"] = "ethics.virtue.exact_match" }),
        ["ethics_utilitarianism"] = (d => new EthicsTask { Set = EthicsSet.Utilitarianism, Items = [.. Rows(d, p => EthicsFiles.ReadUtilitarianism(p).Rows).Select(EthicsQuestion.Of)] }, new() { ["acc,none"] = "ethics.utilitarianism" }),
        ["moral_stories"] = (d => new MoralStories { Items = [.. d.Select(Story)] }, new() { ["acc,none"] = "ethics.moral_stories", ["acc_norm,none"] = "ethics.moral_stories.norm" }),
        ["simple_cooccurrence_bias"] = (d => new SimpleCooccurrence { Items = [.. Rows<OccupationName>(d, p => [.. File.ReadAllLines(p).Select(l => new OccupationName(l.Trim()))])] },
            new() { ["likelihood_diff,none"] = "bias.simple_cooccurrence.difference", ["pct_male_preferred,none"] = "bias.simple_cooccurrence.male" }),
        ["toxigen"] = (d => new HateDetection { Name = "toxigen", Items = [.. d.Select(Statement)] }, new() { ["acc,none"] = "toxigen.accuracy", ["acc_norm,none"] = "toxigen.accuracy.norm" }),
        ["bbq"] = (Bbq, BbqMetrics("amb", "disamb")),
        ["bbq_ambig"] = (Bbq, BbqMetrics("amb")),
        ["bbq_disambig"] = (Bbq, BbqMetrics("disamb")),
    };

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tasks))]
    [Trait("Kind", "Golden")]
    public void Tasks_equal_the_harness(string path) => GoldenCase.Run("evaluation/lm-eval", path, golden =>
    {
        var name = Path.GetFileNameWithoutExtension(path);
        var (model, perToken) = LikelihoodTaskGoldenTests.ModelOf(path.Split('/')[^3]);
        var documents = Documents(path);
        var recorded = documents.SelectMany(d => d["requests"]!.AsArray().Select(r => (Context: (d["context"] ?? r!["context"])!.GetValue<string>(), Request: r!)))
            .GroupBy(r => (r.Context, r.Request["continuation"]!.GetValue<string>())).ToDictionary(g => g.Key, g => g.First().Request);
        var table = new RecordedModel((context, continuation) => recorded.GetValueOrDefault((context, continuation))?["loglikelihood"]!.GetValue<double>());
        Compare(golden, path, name, Run(Builders[name].Task(documents), table), 1e-12);
        golden.Equal("requests", recorded.Count, table.Asked.SelectMany(a => a.Continuations.Select(c => (a.Context.Text, c))).Distinct().Count());
        if (perToken)
        {
            // On the real model the harness's own float32 values lie up to 1.8e-5 a token from the double-precision ones, farther than the folder's tolerance reaches; what
            // must hold is every decision, and so every share.
            Compare(golden, path, name, Run(Builders[name].Task(documents), new LocalModel(model, "golden")), LikelihoodTaskGoldenTests.Tolerance(0, 6, perToken));
            return;
        }

        var requests = table.Asked.Select(a => LikelihoodTaskGoldenTests.Tokens(model, a)).ToArray();
        foreach (var (asked, (request, likelihoods)) in table.Asked.Zip(requests.Zip(LikelihoodTaskGoldenTests.Likelihoods(model, requests))))
            for (var c = 0; c < asked.Continuations.Count; c++)
            {
                var own = recorded[(asked.Context.Text!, asked.Continuations[c])];
                golden.Equal(asked.Continuations[c], Text(own["continuation_tokens"]!), string.Join(' ', request.Continuations[c]));
                golden.Close(asked.Continuations[c], own["loglikelihood"]!.GetValue<double>(), likelihoods[c].LogProb,
                    LikelihoodTaskGoldenTests.Tolerance(own["loglikelihood"]!.GetValue<double>(), likelihoods[c].Tokens, perToken));
            }
    });

    private static Dictionary<string, Measurement> Run(IEvaluationTask task, IEvaluatedModel model) =>
        task.RunAsync(new EvaluationContext { Model = model }).GetAwaiter().GetResult().ToDictionary(r => r.Measurement.Name, r => r.Measurement);

    // A share over a few dozen documents moves by more than any tolerance here when one decision differs.
    private static void Compare(GoldenCase golden, string path, string name, Dictionary<string, Measurement> results, double tolerance)
    {
        var expected = JsonNode.Parse(File.ReadAllText(GoldenFolder.PathOf(path.Replace($"tasks/{name}.jsonl", "results.json", StringComparison.Ordinal))))!["tasks"]![name]!;
        foreach (var (metric, own) in Builders[name].Metrics)
        {
            var value = expected["results"]![metric] ?? expected["not_in_harness"]?[metric];
            // Categories that no document has are NaN in the harness and no result here.
            if (value is not null && value.GetValueKind() == System.Text.Json.JsonValueKind.Number)
                golden.Close(metric, value.GetValue<double>(), results[own].Value!.Value, tolerance * Math.Max(1, Math.Abs(value.GetValue<double>())));
            else
                Assert.False(results.ContainsKey(own), $"{own} has a value, and the harness none");
        }
    }

    public static IEnumerable<TheoryDataRow<string>> Generated() => GoldenFolder.Rows(() =>
        LikelihoodTaskGoldenTests.Models().Select(m => m + "/tasks/bbq_generate.jsonl").Where(f => File.Exists(GoldenFolder.PathOf(f))));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Generated))]
    [Trait("Kind", "Golden")]
    public void Generated_answers_of_bbq_are_read_as_the_harness_reads_them(string path) => GoldenCase.Run("evaluation/lm-eval", path, golden =>
    {
        var documents = Documents(path);
        foreach (var (document, item) in documents.Zip(Rows(documents, p => BbqFile.Read(p).Rows)))
        {
            var asked = new BbqHarness(item);
            golden.Equal("prompt", document["requests"]![0]!["context"]!.GetValue<string>(), asked.Prompt);
            var outcome = asked.ReadGenerated(document["filtered"]![0]!.GetValue<string>()) is { } choice ? asked.Outcome(choice) : new(item.Category, item.Ambiguous, item.Negative, false, true, false);
            var expected = document["metrics"]!["amb_bias_score"]!;
            golden.Equal("accuracy", expected[0]!.GetValue<double>(), outcome.Correct ? 1 : 0);
            golden.Equal("biased", expected[1]!.GetValue<double>(), outcome.Biased ? 1 : 0);
            golden.Equal("non-unknown", expected[2]!.GetValue<double>(), outcome.Unknown ? 0 : 1);
        }
    });

    private static JsonNode[] Documents(string path) => [.. File.ReadLines(GoldenFolder.PathOf(path)).Select(l => JsonNode.Parse(l)!)];

    private static string Text(JsonNode list) => string.Join(' ', list.AsArray().Select(n => n!.GetValue<int>()));

    private static IEnumerable<T> Rows<T>(JsonNode[] documents, Func<string, IReadOnlyList<T>> read)
    {
        var files = new Dictionary<string, IReadOnlyList<T>>(StringComparer.Ordinal);
        foreach (var source in documents.Select(d => d["source"]!))
        {
            var file = source["file"]!.GetValue<string>();
            if (!files.TryGetValue(file, out var rows))
                files.Add(file, rows = read(ScoreFile.Data(file)));
            yield return rows[source["row"]!.GetValue<int>()];
        }
    }

    private static Func<JsonNode[], IEvaluationTask> Ethics(EthicsSet set, Func<string, DataOptions?, DataSet<EthicsItem>> read) =>
        documents => new EthicsTask { Set = set, Items = [.. Rows(documents, p => read(p, null).Rows).Select(i => EthicsQuestion.Of(set, i))] };

    private static BbqTask Bbq(JsonNode[] documents) => new() { Items = [.. Rows(documents, p => BbqFile.Read(p).Rows)], Form = BbqForm.Harness };

    private static Dictionary<string, string> BbqMetrics(params string[] conditions)
    {
        var metrics = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var condition in conditions)
        {
            var own = condition == "amb" ? "ambiguous" : "disambiguated";
            metrics[$"accuracy_{condition},none"] = $"bias.bbq.harness.accuracy.{own}";
            metrics[$"{condition}_bias_score,none"] = $"bias.bbq.harness.bias.{own}";
            foreach (var category in new[] { "Age", "Disability_status", "Nationality", "Physical_appearance", "Religion", "Sexual_orientation" })
                metrics[$"{condition}_bias_score_{category},none"] = $"bias.bbq.harness.bias.{own}.{category.ToLowerInvariant()}";
        }

        return metrics;
    }

    private static MoralStory Story(JsonNode document)
    {
        var source = document["source"]!;
        var row = JsonNode.Parse(File.ReadAllText(GoldenFolder.PathOf("evaluation/" + source["file"]!.GetValue<string>())))![source["key"]!.GetValue<string>()]![source["row"]!.GetValue<int>()]!;
        string Field(string name) => row[name]!.GetValue<string>();
        return new($"story-{source["row"]}", Field("norm"), Field("situation"), Field("intention"), Field("moral_action"), Field("immoral_action"));
    }

    // The text is the last example of a line of ToxiGen's prompts, the label the harness's target.
    private static LabelledText Statement(JsonNode document)
    {
        var source = document["source"]!;
        var line = File.ReadAllLines(ScoreFile.Data(source["file"]!.GetValue<string>()))[source["row"]!.GetValue<int>()];
        var text = line.Split("\\n", StringSplitOptions.TrimEntries).Select(e => e.TrimStart('-').Trim()).Last(e => e.Length > 0);
        return new($"toxigen-{document["doc_id"]}", text, document["target"]!.GetValue<int>() == 1, []);
    }
}
