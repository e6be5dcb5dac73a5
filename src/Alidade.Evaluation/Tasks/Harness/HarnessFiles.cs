using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Tasks.Harness;

/// <summary>
/// The files that lm-evaluation-harness writes, in a run folder: <c>samples_TASK_TIME.jsonl</c> as each task is done, <c>results_TIME.json</c> at the end. Tasks that no file
/// declares are in them as well, with the numbers and items of Alidade.
/// </summary>
/// <remarks>Format of 0.4.13. Alidade counts what has no score; there such items do not exist, so they are left out of these files.</remarks>
/// <param name="run">The folder.</param>
public sealed class HarnessFiles(RunFolder run)
{
    private const string Stage = "harness";
    private const string None = "none";

    private string Time => run.Record.Started.UtcDateTime.ToString("yyyy-MM-ddTHH-mm-ss.ffffff", CultureInfo.InvariantCulture);

    /// <summary>Writes a declared task.</summary>
    internal void Add(string task, HarnessTask outcome)
    {
        var numbers = outcome.Numbers().ToArray();
        Write(task, outcome.Name, outcome.Samples, outcome.Count, numbers, HarnessDefinition.Of(outcome.Name, outcome.File), outcome.File.Version, outcome.File.Examples.Count);
    }

    /// <summary>Writes a task of Alidade's own: each of its numbers under its own name.</summary>
    internal void Add(IReadOnlyList<MeasureResult> results)
    {
        foreach (var (measurement, items) in results.Select(r => (r.Measurement, r.Items)))
        {
            HarnessNumber[] numbers = [new("score", None, measurement.Value ?? double.NaN, Error(items), measurement.Direction == Direction.Higher)];
            var samples = items.Where(i => i.Score is not null).Select((item, i) => Sample(i, item)).ToArray();
            Write(measurement.Name, measurement.Name, samples, samples.Length, numbers, new JsonObject { ["task"] = measurement.Name, ["description"] = measurement.Meaning }, 1, 0);
        }
    }

    /// <summary>Writes the results of all tasks.</summary>
    /// <param name="model">The model.</param>
    /// <param name="context">How it was asked.</param>
    public void Finish(IEvaluatedModel model, EvaluationContext context)
    {
        var parts = Directory.Exists(run.PathOf(Stage))
            ? Directory.EnumerateFiles(run.PathOf(Stage), "*.json").Order(StringComparer.Ordinal).Select(f => JsonNode.Parse(File.ReadAllText(f))!.AsObject()).ToArray()
            : [];
        JsonObject Each(string key) => new(parts.Select(p => KeyValuePair.Create(p["task"]!.GetValue<string>(), p[key]?.DeepClone())));
        var local = (model as LocalModel)?.Model;
        var tokenizer = local?.Tokenizer;
        JsonArray Token(int? id) => [id is { } known ? tokenizer!.Token(known) : null, id?.ToString(CultureInfo.InvariantCulture) ?? "None"];
        var ended = DateTimeOffset.UtcNow;
        var results = new JsonObject
        {
            ["results"] = Each("results"),
            ["group_subtasks"] = new JsonObject(),
            ["configs"] = Each("config"),
            ["versions"] = Each("version"),
            ["n-shot"] = Each("n-shot"),
            ["higher_is_better"] = Each("higher_is_better"),
            ["n-samples"] = Each("n-samples"),
            ["config"] = new JsonObject
            {
                ["model"] = model.Name,
                ["model_args"] = new JsonObject { ["identity"] = model.Identity },
                ["model_dtype"] = local is null ? null : "torch." + local.DType.ToString().ToLowerInvariant(),
                ["limit"] = context.Limit,
                ["fewshot_seed"] = 1234,
            },
            ["git_hash"] = null,
            ["date"] = PythonJson.Number(run.Record.Started.ToUnixTimeMilliseconds() / 1000.0),
            ["lm_eval_version"] = "0.4.13",
            ["written_by"] = "Alidade",
            ["tokenizer_pad_token"] = tokenizer is null ? null : Token(tokenizer.Padding),
            ["tokenizer_eos_token"] = tokenizer is null ? null : Token(tokenizer.EndOfText),
            ["tokenizer_bos_token"] = tokenizer is null ? null : Token(tokenizer.BeginningOfText),
            ["eot_token_id"] = tokenizer?.EndOfText,
            ["max_length"] = (model as LocalModel)?.MaxLength,
            ["task_hashes"] = Each("hash"),
            ["model_source"] = "Alidade",
            ["model_name"] = Path.GetFileName(model.Name),
            ["model_name_sanitized"] = Sanitized(Path.GetFileName(model.Name)),
            ["chat_template"] = context.Chat == ChatUse.Never ? null : local?.ChatTemplate?.Source,
            ["start_time"] = PythonJson.Number(run.Record.Started.ToUnixTimeMilliseconds() / 1000.0),
            ["end_time"] = PythonJson.Number(ended.ToUnixTimeMilliseconds() / 1000.0),
            ["total_evaluation_time_seconds"] = PythonJson.Text((ended - run.Record.Started).TotalSeconds),
        };
        run.WriteArtifact($"results_{Time}.json", PythonJson.Indented(results));
    }

    /// <summary>The results of a file that lm-evaluation-harness or Alidade wrote: for each task its numbers by metric and filter.</summary>
    /// <exception cref="AlidadeException">It is no such file.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<HarnessResult>> ReadResults(string path)
    {
        var tasks = Read(path, File.ReadAllText(path), 1)["results"] as JsonObject ?? throw new AlidadeException($"{path}: has no 'results'");
        return tasks.ToDictionary(t => t.Key, t => (IReadOnlyList<HarnessResult>)[.. ((JsonObject)t.Value!).Where(n => n.Key.Contains(',', StringComparison.Ordinal) && !n.Key.Split(',')[0].EndsWith("_stderr", StringComparison.Ordinal)).Select(n =>
        {
            var (metric, filter) = (n.Key.Split(',', 2)[0], n.Key.Split(',', 2)[1]);
            return new HarnessResult(metric, filter, Double(n.Value), Double(t.Value![$"{metric}_stderr,{filter}"]));
        })], StringComparer.Ordinal);
    }

    /// <summary>The samples of a file that lm-evaluation-harness or Alidade wrote.</summary>
    /// <exception cref="AlidadeException">It is no such file; file and line are told.</exception>
    public static IReadOnlyList<HarnessSample> ReadSamples(string path) => [.. File.ReadLines(path).Select((line, i) => (line, i)).Where(l => l.line.Length > 0).Select(l =>
    {
        var sample = Read(path, l.line, l.i + 1);
        T Get<T>(string key) => sample[key] is JsonValue value && value.TryGetValue<T>(out var got) ? got : throw new AlidadeException($"{path}:{l.i + 1}: the field '{key}' is missing or of another type");
        return new HarnessSample(Get<int>("doc_id"), Get<string>("target"), Get<string>("filter"), Get<string>("prompt_hash"), Get<string>("target_hash"),
            ((JsonArray)sample["metrics"]!).Select(m => m!.GetValue<string>()).Where(m => sample[m] is JsonValue).ToDictionary(m => m, m => Double(sample[m]) ?? double.NaN, StringComparer.Ordinal));
    })];

    private void Write(string task, string name, IReadOnlyList<JsonObject> samples, int count, IReadOnlyList<HarnessNumber> numbers, JsonObject config, double version, int shots)
    {
        var results = new JsonObject { ["name"] = name, ["alias"] = name, ["sample_len"] = count };
        foreach (var number in numbers)
        {
            results[$"{number.Metric},{number.Filter}"] = PythonJson.Number(number.Value);
            results[$"{number.Metric}_stderr,{number.Filter}"] = number.StandardError is { } error ? PythonJson.Number(error) : "N/A";
        }

        var better = new JsonObject();
        foreach (var number in numbers)
            better[number.Metric] = number.HigherIsBetter;
        run.WriteArtifact($"samples_{Sanitized(name)}_{Time}.jsonl", string.Concat(samples.Select(s => PythonJson.Line(s) + "\n")));
        run.WriteArtifact(Path.Combine(Stage, Sanitized(task) + ".json"), new JsonObject
        {
            ["task"] = name,
            ["results"] = results,
            ["config"] = config,
            ["version"] = PythonJson.Number(version),
            ["n-shot"] = shots,
            ["higher_is_better"] = better,
            ["n-samples"] = new JsonObject { ["original"] = count, ["effective"] = count },
            ["hash"] = HashOf(samples),
        }.ToJsonString(Json.Line));
    }

    /// <summary>The hash over a task's samples.</summary>
    internal static string HashOf(IReadOnlyList<JsonObject> samples) => Hash(string.Concat(samples.Select(s => (string?)s["doc_hash"] + (string?)s["prompt_hash"] + (string?)s["target_hash"])));

    private static JsonObject Sample(int number, ItemResult item) => new()
    {
        ["doc_id"] = number,
        ["doc"] = new JsonObject { ["id"] = item.Id, ["input"] = item.Input },
        ["target"] = "",
        ["arguments"] = new JsonObject { ["gen_args_0"] = new JsonObject { ["arg_0"] = item.Input } },
        ["resps"] = new JsonArray(new JsonArray(item.Output)),
        ["filtered_resps"] = new JsonArray(item.Output),
        ["filter"] = None,
        ["metrics"] = new JsonArray("score"),
        ["doc_hash"] = Hash(PythonJson.Indented(new JsonObject { ["id"] = item.Id, ["input"] = item.Input })),
        ["prompt_hash"] = Hash(item.Input),
        ["target_hash"] = Hash(""),
        ["score"] = PythonJson.Number(item.Score!.Value),
    };

    private static double? Error(IReadOnlyList<ItemResult> items) =>
        items.Count(i => i.Score is not null) > 1 ? Mean.Of([.. items.Where(i => i.Score is not null).Select(i => i.Score!.Value)]).StandardError : null;

    private static JsonObject Read(string path, string text, int line)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? throw new AlidadeException($"{path}:{line}: is no JSON object");
        }
        catch (JsonException exception)
        {
            throw new AlidadeException($"{path}:{line + (exception.LineNumber ?? 0)}: not JSON: {exception.Message.Split(" LineNumber:", 2)[0]}", exception);
        }
    }

    private static double? Double(JsonNode? node) => node is not JsonValue value ? null
        : value.TryGetValue<double>(out var number) ? number
        : value.TryGetValue<string>(out var text) && double.TryParse(text, CultureInfo.InvariantCulture, out number) ? number : null;

    private static string Sanitized(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' ? c : '_'));

    private static string Hash(string text) => ContentHash.OfBytes(Encoding.UTF8.GetBytes(text));
}

/// <summary>A number of a results file.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Filter">The chain of filters.</param>
/// <param name="Value">The number; null where there is none.</param>
/// <param name="StandardError">Its standard error; null where there is none ("N/A").</param>
public sealed record HarnessResult(string Metric, string Filter, double? Value, double? StandardError);

/// <summary>A line of a samples file.</summary>
/// <param name="Number">Number of the document.</param>
/// <param name="Target">The target.</param>
/// <param name="Filter">The chain of filters.</param>
/// <param name="PromptHash">SHA-256 of the first prompt.</param>
/// <param name="TargetHash">SHA-256 of the target.</param>
/// <param name="Metrics">Its single numbers by metric.</param>
public sealed record HarnessSample(int Number, string Target, string Filter, string PromptHash, string TargetHash, IReadOnlyDictionary<string, double> Metrics);
