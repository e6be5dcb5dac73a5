using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Core.Results;

namespace Alidade.Tests.Golden.Statistics;

/// <summary>One result of one case of a statistics file, with the inputs of its case and ways to compare.</summary>
/// <param name="Golden">The row under test.</param>
/// <param name="Result">"file/kind/result"; a level or a hypothesis in the key (percentile_0.95) belongs to the case, not to the result.</param>
/// <param name="Key">The result's full key.</param>
/// <param name="Case">The case.</param>
/// <param name="Expected">What the reference gave.</param>
internal sealed partial record StatisticsEntry(GoldenCase Golden, string Result, string Key, JsonElement Case, JsonElement Expected)
{
    // What is written beside the outputs where a file keeps no "results".
    private static readonly string[] Inputs = ["seed", "seed_type", "distribution", "parameters", "x", "p", "function", "a", "b", "t", "df", "nc", "note"];

    private string Name => $"{(Case.TryGetProperty("name", out var name) ? name : Case.TryGetProperty("seed", out var seed) ? seed : Case)}: {Key}";

    /// <summary>The level or hypothesis at the end of the key; NaN without one.</summary>
    public double Suffix => double.TryParse(SuffixPattern().Match(Key).Value.Split('_', '=')[^1], CultureInfo.InvariantCulture, out var value) ? value : double.NaN;

    /// <summary>One row for each result of a file: "statistics/file/kind/result".</summary>
    public static IEnumerable<TheoryDataRow<string>> Rows(string file) => GoldenFolder.Rows(() =>
        File.Exists(GoldenFolder.PathOf($"statistics/{file}.json")) ? Of(null!, file).Select(e => "statistics/" + e.Result).Distinct() : []);

    /// <summary>Checks a result in every case that has it.</summary>
    public static void Run(string path, IReadOnlyDictionary<string, Action<StatisticsEntry>> checks)
    {
        var file = path.Split('/')[1];
        GoldenCase.Run($"statistics/{file}", path, golden =>
        {
            var result = path["statistics/".Length..];
            if (!checks.TryGetValue(result[(file.Length + 1)..], out var check))
                throw new NotBuiltException(result);
            foreach (var entry in Of(golden, file).Where(e => e.Result == result))
                check(entry);
        });
    }

    /// <summary>An absolute tolerance up to 1, a relative one above.</summary>
    public void Is(double actual, double tolerance) => Is("", Number(Expected), actual, tolerance);

    public void Is(string what, double expected, double actual, double tolerance) =>
        Golden.Close($"{Name} {what}", expected, actual, tolerance * Math.Max(1, Math.Abs(expected)));

    /// <summary>A relative tolerance, also below 1; below <paramref name="floor"/> it no longer shrinks.</summary>
    public void IsRelative(double actual, double tolerance, double floor = 0) =>
        Golden.Close(Name, Number(Expected), actual, tolerance * Math.Max(floor, Math.Abs(Number(Expected))));

    public void Is(IReadOnlyList<double> actual, double tolerance)
    {
        double[] expected = [.. Expected.EnumerateArray().Select(Number)];
        Golden.Equal(Name + " length", expected.Length, actual.Count);
        for (var i = 0; i < expected.Length; i++)
            Is($"[{i}]", expected[i], actual[i], tolerance);
    }

    public void Is(Interval? actual, double tolerance) => Is([actual!.Low, actual.High], tolerance);

    /// <summary>A matrix, a list a row.</summary>
    public void Is(IEnumerable<IEnumerable<double>> actual, double tolerance)
    {
        foreach (var (row, values) in actual.Index())
            (this with { Expected = Expected[row], Key = $"{Key}[{row}]" }).Is([.. values], tolerance);
        Golden.Equal(Name + " rows", Expected.GetArrayLength(), actual.Count());
    }

    /// <summary>An object of numbers: for each name what <paramref name="actual"/> makes of it.</summary>
    public void IsEach(Func<string, double> actual, double tolerance)
    {
        foreach (var part in Expected.EnumerateObject())
            Is(part.Name, Number(part.Value), actual(part.Name), tolerance);
    }

    public void Same<T>(T expected, T actual) => Golden.Equal(Name, expected, actual);

    public void Same<T>(IEnumerable<T> expected, IEnumerable<T> actual) => Golden.Equal(Name, string.Join(' ', expected), string.Join(' ', actual));

    /// <summary>What the reference does on purpose otherwise; the claim is checked.</summary>
    public void Departs(string how, bool holds) => Golden.Equal($"{Name}: {how}", true, holds);

    public StatisticsEntry Part(string name) => this with { Expected = Expected.GetProperty(name), Key = $"{Key}.{name}" };

    public bool Has(string name) => Case.TryGetProperty(name, out _);

    public double Double(string name) => Number(Case.GetProperty(name));

    public int Int(string name) => Case.GetProperty(name).GetInt32();

    public double[] Doubles(string name) => [.. Case.GetProperty(name).EnumerateArray().Select(Number)];

    public double[][] Matrix(string name) => [.. Case.GetProperty(name).EnumerateArray().Select(row => row.EnumerateArray().Select(Number).ToArray())];

    public int[] Ints(string name) => [.. Case.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];

    public int[][] IntRows(string name) => [.. Case.GetProperty(name).EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetInt32()).ToArray())];

    /// <summary>Numbers of clusters or groups as names whose ordinal order is the order of the numbers.</summary>
    public string[] Names(string name) => [.. Ints(name).Select(v => v.ToString("d9", CultureInfo.InvariantCulture))];

    public double[] Differences(string first, string second) => [.. Doubles(first).Zip(Doubles(second), (a, b) => a - b)];

    /// <summary>A number; NaN for null (a missing value), and the strings NaN, Infinity, -Infinity.</summary>
    public static double Number(JsonElement e) => e.ValueKind switch
    {
        JsonValueKind.String => double.Parse(e.GetString()!, CultureInfo.InvariantCulture),
        JsonValueKind.Null => double.NaN,
        _ => e.GetDouble(),
    };

    private static IEnumerable<StatisticsEntry> Of(GoldenCase golden, string file)
    {
        var root = JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.PathOf($"statistics/{file}.json"))).RootElement;
        foreach (var inputs in root.GetProperty("cases").EnumerateArray())
        {
            var kind = new[] { "kind", "distribution", "function" }
                .Select(k => inputs.TryGetProperty(k, out var v) ? v.GetString() + "/" : "")
                .FirstOrDefault(k => k != "", "");
            IEnumerable<(string Key, JsonElement Value)> results =
                !inputs.TryGetProperty("results", out var named) ? inputs.EnumerateObject().Where(IsOutput).Select(p => (p.Name, p.Value))
                : named.ValueKind == JsonValueKind.Object ? named.EnumerateObject().Select(p => (p.Name, p.Value))
                : [(inputs.GetProperty("name").GetString()!, named)];
            foreach (var (key, value) in results)
                yield return new(golden, $"{file}/{kind}{SuffixPattern().Replace(key, "")}", key, inputs, value);
        }
    }

    private static bool IsOutput(JsonProperty property) => !Inputs.Contains(property.Name) && !property.Name.EndsWith("difference", StringComparison.Ordinal);

    [GeneratedRegex(@"(_p0=|_)0?\.\d+$")]
    private static partial Regex SuffixPattern();
}
