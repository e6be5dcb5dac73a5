using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Tasks;
using Alidade.Models;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>What the harness ran, as Alidade runs it: its models, and the rows that its recorded documents name.</summary>
internal static class HarnessRuns
{
    private static readonly Dictionary<string, (LocalModel Model, ResponseStore Store)> Models = new(StringComparer.Ordinal);
    private static readonly Dictionary<string, IReadOnlyList<FieldRow>> Files = new(StringComparer.Ordinal);

    public static string Folder => "evaluation/lm-eval";

    public static IEnumerable<string> ModelFolders() => Directory.Exists(GoldenFolder.PathOf(Folder))
        ? Directory.EnumerateDirectories(GoldenFolder.PathOf(Folder)).Select(GoldenFolder.Relative).Order(StringComparer.Ordinal)
        : [];

    public static IEnumerable<string> FilesOf(string name) => ModelFolders().Select(m => $"{m}/{name}").Where(f => File.Exists(GoldenFolder.PathOf(f)));

    public static JsonNode Read(string path) => JsonNode.Parse(File.ReadAllText(GoldenFolder.PathOf(path)))!;

    public static CausalLM Model(string name) => GoldenModels.Load(PathOf(name));

    /// <summary>True for a tiny model of the golden folder, whose tolerance is relative.</summary>
    public static bool IsTiny(string name) => PathOf(name).StartsWith(GoldenFolder.Root, StringComparison.Ordinal);

    /// <summary>The README's tolerance of a log-likelihood: relative for a tiny model, by the scored token for the real one.</summary>
    public static double Tolerance(string model, double value, int tokens) => IsTiny(model) ? Math.Max(3e-5, 1e-6 * Math.Abs(value)) : 1.5e-5 * tokens;

    /// <summary>
    /// A log-likelihood within the README's tolerance of the recorded one. The recorded float32 sums of the real model are further than that from the exact ones in some places;
    /// there what is compared is the same quantity in the reference's own arithmetic, the nearest of those that <see cref="HarnessArithmetic"/> computes.
    /// </summary>
    public static void Near(GoldenCase golden, string what, string model, double expected, double actual, IReadOnlyList<PredictedTokens> windows)
    {
        var tolerance = Tolerance(model, expected, windows.Sum(w => w.Predicted.Count));
        if (!IsTiny(model) && Math.Abs(expected - actual) > tolerance)
            (what, actual) = HarnessArithmetic.Of(PathOf(model), windows).Select(a => ($"{what} in {a.Name}", a.LogProb)).MinBy(a => Math.Abs(a.LogProb - expected));
        golden.Close(what + ": log-likelihood", expected, actual, tolerance);
    }

    /// <summary>
    /// A model with what it answered before, in this process. The real model runs in float64: what a float32 product is rounded to depends on the processor and on the shape of the
    /// batch by more than the tolerance of a few tokens, in the reference as here. What float32 sums come to is held against float64 by <see cref="HarnessRequestGoldenTests"/>.
    /// </summary>
    public static EvaluationContext Context(string name)
    {
        if (!Models.TryGetValue(name, out var kept))
            Models.Add(name, kept = (
                new(IsTiny(name) ? Model(name) : GoldenModels.LoadFloat64(PathOf(name)), "golden " + name),
                new(Path.Combine(Directory.CreateTempSubdirectory("alidade-golden").FullName, "responses.jsonl"))));
        return new() { Model = kept.Model, Store = kept.Store, Chat = ChatUse.Never };
    }

    /// <summary>The rows that recorded documents name.</summary>
    public static IReadOnlyList<FieldRow> Rows(string task, IEnumerable<JsonNode> sources) => [.. sources.Select((source, i) => Row(task, source, i))];

    /// <summary>Rows of a published file, from one on.</summary>
    public static IReadOnlyList<FieldRow> Rows(string file, int from, int count) => [.. All(file).Skip(from).Take(count)];

    /// <summary>Examples that a task takes from elsewhere: gsm8k from later rows of its file, mmlu from a list of its own.</summary>
    public static IReadOnlyList<FieldRow>? Pool(string task) => task switch
    {
        "gsm8k" => Rows("gsm8k/test.jsonl", 1000, 40),
        _ when task.StartsWith("mmlu", StringComparison.Ordinal) => [.. Own("mmlu_dev").Select((row, i) => Made("mmlu_dev", i, row!.AsObject()))],
        _ => null,
    };

    private static FieldRow Row(string task, JsonNode source, int number)
    {
        var row = source["row"]!.GetValue<int>();
        if (source["key"] is { } key)
        {
            var own = Own(key.GetValue<string>())[row]!;
            return Made(key.GetValue<string>(), row, own as JsonObject ?? new JsonObject { [key.GetValue<string>() == "wikitext" ? "page" : "text"] = own.GetValue<string>() });
        }

        var file = source["file"]!.GetValue<string>();
        var read = All(file)[row];
        return task switch
        {
            // The last example of a prompt line, and scores made up by the label.
            "toxigen" when file.Contains("hate_", StringComparison.Ordinal) is var hate => Made(file, row, new()
            {
                ["text"] = read.Fields["text"].GetString()!.Split("\\n").Select(e => e.Trim().TrimStart('-', ' ').Trim()).Last(e => e.Length > 0),
                ["toxicity_ai"] = hate ? 4.0 : 1.0,
                ["toxicity_human"] = row % 3 == 0 ? 1.5 : hate ? 4.0 : 1.0,
            }),
            "simple_cooccurrence_bias" => Made(file, row, new() { ["sentence"] = $"The {read.Fields["text"].GetString()} was a" }),
            _ => read with { Id = $"{read.Id}-{number}" },
        };
    }

    private static FieldRow Made(string file, int row, JsonObject fields) =>
        new($"{file}-{row}", file, row + 1, fields.ToDictionary(f => f.Key, f => f.Value.Deserialize<JsonElement>(), StringComparer.Ordinal));

    private static JsonArray Own(string key) => Read("evaluation/own_items.json")[key]!.AsArray();

    private static IReadOnlyList<FieldRow> All(string file)
    {
        var path = Path.Combine(GoldenFolder.Data, file);
        Assert.SkipUnless(File.Exists(path), $"the data {file} are absent");
        if (!Files.TryGetValue(file, out var rows))
            Files.Add(file, rows = FieldRow.Read([file], f => Path.Combine(GoldenFolder.Data, f)));
        return rows;
    }

    private static string PathOf(string name)
    {
        var path = GoldenModels.PathOf("evaluation", name);
        Assert.SkipWhen(path is null, $"the model {name} is absent");
        return path!;
    }
}
