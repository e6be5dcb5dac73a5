using System.Text;
using System.Text.Json.Nodes;
using Alidade.Core.Data;
using Alidade.Core.Files;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Tasks.Metrics;

namespace Alidade.Evaluation.Tasks.Harness;

/// <summary>A number as lm-evaluation-harness reports it.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Filter">The chain of filters.</param>
/// <param name="Value">The number; NaN where no item has a part in it.</param>
/// <param name="StandardError">Its standard error by the harness's own rule; null for "N/A".</param>
/// <param name="HigherIsBetter">Which way is better.</param>
internal sealed record HarnessNumber(string Metric, string Filter, double Value, double? StandardError, bool HigherIsBetter);

/// <summary>A declared task's outcome in the terms of lm-evaluation-harness 0.4.13: its numbers with its standard errors, and one sample an item and chain of filters.</summary>
/// <param name="definition">The task.</param>
internal sealed class HarnessTask(LoadedTaskFile definition)
{
    private readonly List<(string Filter, TaskMetric Metric, List<double[]> Values)> values = [];
    private readonly List<JsonObject> samples = [];

    /// <summary>The task's name there.</summary>
    public string Name => definition.Harness;

    /// <summary>Its definition.</summary>
    public TaskFile File => definition.File;

    /// <summary>Items that were scored.</summary>
    public int Count { get; private set; }

    /// <summary>One a scored item and chain of filters.</summary>
    public IReadOnlyList<JsonObject> Samples => samples;

    /// <summary>The numbers.</summary>
    /// <param name="iterations">Resamples of its bootstrap, 100,000 there; 0 for no standard errors, as there.</param>
    public IEnumerable<HarnessNumber> Numbers(int iterations = 100_000) => values.Select(v => new HarnessNumber(
        v.Metric.Name, v.Filter, v.Values.Count == 0 ? double.NaN : v.Metric.Over.Of(v.Values), iterations == 0 ? null : Error(v.Metric, v.Values, iterations), v.Metric.HigherIsBetter));

    /// <summary>Takes in the items of a chain of filters.</summary>
    public void Add(string filter, IReadOnlyList<ScoredItem> items, IReadOnlyList<ScoredDocument?> scored, IReadOnlyList<TaskMetric> metrics)
    {
        values.AddRange(metrics.Select(m => (filter, m, (List<double[]>)[.. scored.OfType<ScoredDocument>().Where(m.Part).Select(m.Of)])));
        Count = scored.Count(s => s is not null);
        for (var i = 0; i < items.Count; i++)
            if (scored[i] is { } document)
                samples.Add(Sample(i, filter, items[i], document, metrics));
    }

    private static double? Error(TaskMetric metric, List<double[]> values, int iterations) => metric.Over.Error switch
    {
        HarnessError.Mean when values.Count > 1 => Mean.Of([.. values.Select(v => v[0])]).StandardError,
        HarnessError.Bootstrap when values.Count > 0 => HarnessBootstrap.Of(values.Count, draw => metric.Over.Of([.. draw.Select(i => values[i])]), iterations).StandardError,
        _ => null,
    };

    private JsonObject Sample(int number, string filter, ScoredItem item, ScoredDocument document, IReadOnlyList<TaskMetric> metrics)
    {
        var fields = new JsonObject(document.Asked.Row.Fields.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)System.Text.Json.JsonSerializer.Deserialize<JsonNode>(f.Value))));
        var arguments = Arguments(item);
        var target = Target(document);
        var sample = new JsonObject
        {
            ["doc_id"] = number,
            ["doc"] = fields,
            ["target"] = target,
            ["arguments"] = new JsonObject(arguments.Select((a, i) => KeyValuePair.Create($"gen_args_{i}", (JsonNode?)new JsonObject(a.Select((v, j) => KeyValuePair.Create($"arg_{j}", v)))))),
            ["resps"] = Responses(item),
            ["filtered_resps"] = document.Answers.Count > 0 ? Texts(document.Answers.Select(a => a.Text)) : new JsonArray([.. Responses(item).Select(r => r![0]!.DeepClone())]),
            ["filter"] = filter,
            ["metrics"] = Texts(metrics.Select(m => m.Name)),
            ["doc_hash"] = Hash(PythonJson.Indented(fields)),
            ["prompt_hash"] = Hash(arguments[0][0]!.GetValue<string>()),
            ["target_hash"] = Hash(target),
        };
        foreach (var metric in metrics.Where(m => (m.Listed ?? m.Part)(document)))
            sample[metric.Name] = metric.Of(document) is [var one] ? PythonJson.Number(one) : new JsonArray([.. metric.Of(document).Select(PythonJson.Number)]);
        return sample;
    }

    /// <summary>What the harness calls the target: the text that is scored, else the answer as it is given.</summary>
    internal static string Target(ScoredDocument document) =>
        document.Asked.Contexts.Count == 0 ? document.Texts.Prompt : document.Texts.Continuation ?? document.Texts.Gold?.Raw ?? "";

    private JsonNode?[][] Arguments(ScoredItem item) => item.Document switch
    {
        { Contexts.Count: 0 } rolling => [[rolling.Texts.Prompt]],
        { Continuations.Count: 0 } generated => [[Shown(generated.Contexts[0]), Generation()]],
        var document =>
        [
            .. from context in document.Contexts from continuation in document.Continuations select (JsonNode?[])[Shown(context), continuation],
            .. item.Requests.Count > document.Contexts.Count ? document.Continuations.Select(c => (JsonNode?[])["", c]) : [],
        ],
    };

    private JsonObject Generation()
    {
        var keys = new JsonObject { ["until"] = Texts(File.Generate.Stop ?? [File.Examples.Separator]), ["do_sample"] = File.Generate.Temperature > 0 };
        if (File.Generate.Temperature > 0)
            keys["temperature"] = PythonJson.Number(File.Generate.Temperature);
        keys["max_gen_toks"] = File.Generate.MaxNewTokens;
        return keys;
    }

    private static JsonArray Responses(ScoredItem item) =>
    [
        .. item.Responses.SelectMany(r => r switch
        {
            ContinuationScores scores => scores.Scores.Select(s => (JsonNode)new JsonArray(Texts([PythonJson.Text(s.LogProb), s.IsGreedy ? "True" : "False"]))),
            RollingScore rolling => [Texts([PythonJson.Text(rolling.LogProb)])],
            GeneratedTexts texts => [Texts(texts.Texts.Select(t => t.Text))],
            _ => [],
        }),
    ];

    private static string Shown(Prompt prompt) => prompt.Text ?? prompt.ToString();

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode)t)];

    private static string Hash(string text) => ContentHash.OfBytes(Encoding.UTF8.GetBytes(text));
}
