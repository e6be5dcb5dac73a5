using System.Text.Json.Nodes;
using Alidade.Evaluation.Likelihood;
using Alidade.Models;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>Reads the files of evaluation/metrics as nodes, whole or by block, with the data they name.</summary>
internal static class ScoreFile
{
    /// <summary>A file of the folder, where it is there.</summary>
    public static IEnumerable<TheoryDataRow<string>> Rows(string file) => GoldenFolder.Rows(() => GoldenFolder.Files("evaluation/metrics", file));

    /// <summary>Blocks of a file.</summary>
    public static IEnumerable<TheoryDataRow<string>> Blocks(string file, params string[] blocks) => GoldenFolder.Rows(() => GoldenFolder.Files("evaluation/metrics", file)
        .SelectMany(f => Read(f).AsObject().Select(b => b.Key).Where(blocks.Contains).Select(b => $"{f}/{b}")));

    /// <summary>A file, or a block of one.</summary>
    public static JsonNode Read(string path)
    {
        var end = path.IndexOf(".json", StringComparison.Ordinal) + ".json".Length;
        var file = JsonNode.Parse(File.ReadAllText(GoldenFolder.PathOf(path[..end])))!;
        return path.Length > end ? file[path[(end + 1)..]]! : file;
    }

    /// <summary>A data file that a golden file names; the test is skipped where it is absent.</summary>
    public static string Data(string name)
    {
        var path = Path.Combine(GoldenFolder.Data, name);
        Assert.SkipUnless(File.Exists(path), $"the data {name} are absent");
        return path;
    }

    /// <summary>A number, "NaN" or null against ours; the tolerance is relative, absolute below 1.</summary>
    public static void Close(GoldenCase golden, string what, JsonNode? expected, double? actual, double tolerance)
    {
        if (expected is null || expected.GetValueKind() == System.Text.Json.JsonValueKind.Null)
        {
            golden.Equal(what, null, actual);
            return;
        }

        Assert.True(actual is not null, $"{what}: expected {expected}, got nothing");
        var value = expected.GetValueKind() == System.Text.Json.JsonValueKind.String ? double.NaN : expected.GetValue<double>();
        golden.Close(what, value, actual!.Value, tolerance * Math.Max(1, Math.Abs(value)));
    }

    public static double[] Numbers(JsonNode list) => [.. list.AsArray().Select(n => n!.GetValue<double>())];

    public static string Texts(JsonNode? list) => string.Join('|', list!.AsArray().Select(t => t!.GetValue<string>()));

    public static Likelihood LogLikelihood(CausalLM model, string context, string continuation)
    {
        var (before, after) = ContinuationTokens.Of(model, context, continuation);
        // The reference puts the model's first token in front of every text.
        IReadOnlyList<int> prefixed = context.Length == 0 ? before : [ContinuationTokens.Prefix(model), .. before];
        return LogLikelihoods.Of(model, [new LikelihoodRequest(prefixed, [after])], "golden").Likelihoods[0][0];
    }
}
