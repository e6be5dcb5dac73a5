using System.Globalization;
using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Agreement;
using Alidade.Evaluation.Judges;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>PandaLM: the published replies of two judges against the majority of three people, unread replies counted as the authors count them.</summary>
[Golden("evaluation/metrics/pandalm.json")]
public sealed class PandaLmGoldenTests
{
    private const string FileName = "evaluation/metrics/pandalm.json";

    public static IEnumerable<TheoryDataRow<string>> Parts() => GoldenFolder.Rows(() => File.Exists(GoldenFolder.PathOf(FileName))
        ? Read().GetProperty("results").EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Object).Select(p => $"{FileName}/{p.Name}")
        : []);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Parts))]
    [Trait("Kind", "Golden")]
    public void Agreement_equals_the_reference(string path) => GoldenCase.Run("evaluation/pandalm", path, golden =>
    {
        var (file, name) = (Read(), path.Split('/')[^1]);
        string[] files = [.. file.GetProperty("data").EnumerateArray().Select(f => Path.Combine(GoldenFolder.Data, f.GetString()!))];
        if (!files.All(File.Exists))
            throw new NotBuiltException("the case without its data beside the golden folder");
        IReadOnlyList<PandaLmComparison> rows = PandaLmFile.Read(files[0]).Rows;
        if (file.GetProperty("about").GetString()!.Contains("every second row", StringComparison.Ordinal))
            rows = [.. rows.Where((_, i) => i % 2 == 0)];
        golden.Equal("n", file.GetProperty("results").GetProperty("n").GetInt32(), rows.Count);
        var expected = file.GetProperty("results").GetProperty(name);
        switch (name)
        {
            case "majority":
                foreach (var label in expected.EnumerateObject())
                    golden.Equal(label.Name, label.Value.GetInt32(), rows.Count(r => (r.Majority?.ToString(CultureInfo.InvariantCulture) ?? "None") == label.Name));
                return;
            case "kappa_annotators":
                foreach (var pair in expected.EnumerateObject())
                    golden.Relative(pair.Name, pair.Value.GetDouble(), CohenKappa.Of(Confusion.Of(Labels(rows, pair.Name[0] - '1'), Labels(rows, pair.Name[1] - '1'), 3)).Value);
                return;
        }

        // The judge's file is the one whose name begins as the judge's.
        var replies = PandaLmFile.ReadReplies(files.Single(f => Path.GetFileName(f).StartsWith(name, StringComparison.OrdinalIgnoreCase))).Rows.ToDictionary(r => r.Id, r => r.Reply);
        PandaLmComparison[] decided = [.. rows.Where(r => r.Majority is not null)];
        var table = Confusion.Of(
            [.. decided.Select(r => r.Majority!.Value)], [.. decided.Select(r => PandaLmVerdict.ReadUnparsedAsTie(replies[r.Id]) switch { PairVerdict.Tie => 0, PairVerdict.First => 1, _ => 2 })], 3);
        golden.Equal("judged", expected.GetProperty("n").GetInt32(), table.Count);
        golden.Relative("accuracy", expected.GetProperty("accuracy").GetDouble(), table.Accuracy);
        golden.Relative("precision", expected.GetProperty("macro_precision").GetDouble(), table.Macro.Precision);
        golden.Relative("recall", expected.GetProperty("macro_recall").GetDouble(), table.Macro.Recall);
        golden.Relative("F1", expected.GetProperty("macro_f1").GetDouble(), table.Macro.F1);
        golden.Relative("kappa", expected.GetProperty("cohen_kappa").GetDouble(), CohenKappa.Of(table).Value);
        golden.Equal("garbage", expected.GetProperty("garbage_counted_as_tie").GetInt32(), decided.Count(r => !PandaLmVerdict.Read(replies[r.Id]).HasValue));
        foreach (var (row, i) in expected.GetProperty("confusion_rows_true_0_1_2").EnumerateArray().Select((row, i) => (row, i)))
            golden.Equal($"confusion {i}", string.Join(' ', row.EnumerateArray().Select(c => c.GetInt32())), string.Join(' ', table.Counts[i]));
    });

    private static int[] Labels(IReadOnlyList<PandaLmComparison> rows, int person) => [.. rows.Select(r => r.Labels[person])];

    private static JsonElement Read() => JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.PathOf(FileName))).RootElement;
}
