using System.Globalization;
using System.Text.Json;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>Reads the files of <c>evaluation/metrics</c>.</summary>
internal static class MetricFile
{
    public static JsonElement Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.PathOf($"evaluation/metrics/{name}.json")));
        return document.RootElement.Clone();
    }

    /// <summary>One case for each of <paramref name="names"/>, where the file is there.</summary>
    public static IEnumerable<TheoryDataRow<string>> Rows(string name, Func<JsonElement, IEnumerable<string>> names) => GoldenFolder.Rows(() =>
        File.Exists(GoldenFolder.PathOf($"evaluation/metrics/{name}.json")) ? names(Read(name)).Select(n => $"evaluation/metrics/{name}.json/{n}") : []);

    /// <summary>The part of a case's path behind the file.</summary>
    public static string Part(string path) => path[(path.IndexOf(".json/", StringComparison.Ordinal) + ".json/".Length)..];

    public static double Number(JsonElement e) => e.ValueKind == JsonValueKind.String ? double.Parse(e.GetString()!, CultureInfo.InvariantCulture) : e.GetDouble();

    public static double[] Numbers(JsonElement e) => [.. e.EnumerateArray().Select(Number)];

    public static string[] Texts(JsonElement e) => [.. e.EnumerateArray().Select(t => t.GetString()!)];

    /// <summary>Equal within the tolerance of metrics from files or given scores.</summary>
    public static void Near(GoldenCase golden, string what, JsonElement expected, double actual) => golden.Relative(what, Number(expected), actual);

    public static void Near(GoldenCase golden, string what, JsonElement expected, IReadOnlyList<double> actual)
    {
        golden.Equal(what + " count", expected.GetArrayLength(), actual.Count);
        foreach (var (i, value) in expected.EnumerateArray().Index())
            Near(golden, $"{what}[{i}]", value, actual[i]);
    }
}
