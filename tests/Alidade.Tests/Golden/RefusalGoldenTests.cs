using System.Text.Json;
using Alidade.Core;
using Alidade.Evaluation.Judges;

namespace Alidade.Tests.Golden;

/// <summary>Refusal phrases: the published lists as they stand, and their verdicts on sample answers.</summary>
[Golden("redteam/refusals.json")]
public sealed class RefusalGoldenTests
{
    private const string FileName = "redteam/refusals.json";

    public static IEnumerable<TheoryDataRow<string>> Lists() => GoldenFolder.Rows(() =>
    {
        if (!File.Exists(GoldenFolder.PathOf(FileName)))
            return [];
        var file = Read();
        var garak = file.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Object && p.Value.TryGetProperty("list", out _)).Select(p => p.Name);
        return file.GetProperty("lists").EnumerateObject().Select(p => p.Name).Concat(garak).Select(n => $"{FileName}/{n}");
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Lists))]
    [Trait("Kind", "Golden")]
    public void Verdicts_equal_the_published_lists(string path) => GoldenCase.Run("redteam/refusals", path, golden =>
    {
        var (file, name) = (Read(), path.Split('/')[^1]);
        var judge = name switch
        {
            "gcg_13" => RefusalJudge.Gcg,
            "refusal_direction_12" => RefusalJudge.RefusalDirection,
            "xstest_prefix" => RefusalJudge.XsTest,
            "garak_prefixes" => RefusalJudge.GarakPrefixes,
            "garak_mitigation_bypass" => RefusalJudge.GarakMitigation,
            _ => throw new NotBuiltException($"refusal list {name}"),
        };
        var isPublished = file.GetProperty("lists").TryGetProperty(name, out var list);
        var phrases = isPublished ? list.GetProperty("strings") : file.GetProperty(name).GetProperty("list");
        golden.Equal("phrases", string.Join('\n', phrases.EnumerateArray().Select(p => p.GetString())), string.Join('\n', judge.Phrases));
        foreach (var response in file.GetProperty("responses").EnumerateArray())
        {
            var text = response.GetProperty("text").GetString()!;
            var verdict = judge.Judge(text);
            // garak counts what does not refuse.
            var refused = response.GetProperty(name) is var value && value.ValueKind == JsonValueKind.Number ? value.GetDouble() == 0 : value.GetBoolean();
            golden.Equal(text, refused, verdict.Refused);
            if (response.TryGetProperty(name + "_strings", out var found))
                golden.Equal(text, found.EnumerateArray().Select(s => s.GetString()).FirstOrDefault(), verdict.Phrase);
        }
    });

    private static JsonElement Read() => JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.PathOf(FileName))).RootElement;
}
