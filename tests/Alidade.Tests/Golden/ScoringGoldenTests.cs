using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Tests.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden;

/// <summary>Sequence-classification (reward) models: scores of padded, packed and branched texts, loss, gradients, and the way back to a folder.</summary>
[Golden("adapters")]
public sealed class ScoringGoldenTests
{
    public static IEnumerable<TheoryDataRow<string>> Models() => GoldenFolder.Rows(() => GoldenFolder.FoldersWith("adapters", "config.json"));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Models))]
    [Trait("Kind", "Golden")]
    public void Scores_equal_the_reference(string path) => GoldenCase.Run("adapters", path, golden =>
    {
        var folder = GoldenFolder.PathOf(path);
        var about = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")))!;
        var expected = GoldenTensors.Read(Path.Combine(folder, "golden.safetensors"));
        using var model = CausalLM.Load(folder);
        CheckScores(golden, model, about, expected, "");
        CheckGradients(golden, model, about, expected);
        using var copy = new TemporaryFolder();
        model.Save(copy.Path);
        using var saved = CausalLM.Load(copy.Path);
        CheckScores(golden, saved, about, expected, ", saved and loaded");
        CheckConfig(golden, folder, copy.Path);
    });

    private static void CheckScores(GoldenCase golden, CausalLM model, JsonNode about, IReadOnlyDictionary<string, GoldenTensor> expected, string how)
    {
        using var noGrad = no_grad();
        var tolerance = (double)about["tolerance"]!["scores_max_abs"]!;
        foreach (var key in expected.Keys.Where(k => k.EndsWith(".input_ids", StringComparison.Ordinal)).Select(k => k[..^".input_ids".Length]))
        {
            using var scope = NewDisposeScope();
            var (ids, counts, texts) = Rows(expected, key);
            using var grid = TokenGrid.Masked(ids.Integers!, counts, texts.Length, counts.Length / texts.Length);
            var scores = expected[key + ".scores"];
            DecoderGoldenTests.Difference(golden, key + ", padded" + how, scores, model.Scores(grid), null, tolerance);
            DecoderGoldenTests.Difference(golden, key + ", packed" + how, scores, model.Scores(Packed(texts)), null, tolerance);
            DecoderGoldenTests.Difference(golden, key + ", branched" + how, scores, model.Scores(Cut(texts)), null, tolerance);
        }
    }

    private static void CheckGradients(GoldenCase golden, CausalLM model, JsonNode about, IReadOnlyDictionary<string, GoldenTensor> expected)
    {
        // Its README names these for all gradients of the folder.
        const double LossAbsolute = 5e-6, Relative = 2e-4;
        using var scope = NewDisposeScope();
        foreach (var parameter in model.Parameters.Values)
            parameter.requires_grad_(true);
        var loss = Loss((string)about["loss"]!["definition"]!, model.Scores(Packed(Rows(expected, "right").Texts)));
        golden.Close("loss", (double)about["loss"]!["value"]!, loss.item<float>(), LossAbsolute);
        loss.backward();
        var gradients = about["gradient_l2"]!.AsObject();
        golden.Equal("parameters", string.Join(' ', gradients.Select(g => g.Key).Order(StringComparer.Ordinal)), string.Join(' ', model.Parameters.Keys.Order(StringComparer.Ordinal)));
        foreach (var (name, l2) in gradients)
            golden.Within($"gradient of {name}, relative", Math.Abs((model.Parameters[name].grad!.norm().item<float>() / (double)l2!) - 1), Relative);
        foreach (var parameter in model.Parameters.Values)
            parameter.requires_grad_(false);
    }

    private static Tensor Loss(string definition, Tensor scores)
    {
        if (Regex.Match(definition, @"score\[(\d+)\.\.(\d+)\] - score\[(\d+)\.\.(\d+)\]") is { Success: true } pairs)
        {
            int[] ends = [.. pairs.Groups.Values.Skip(1).Select(g => int.Parse(g.Value, System.Globalization.CultureInfo.InvariantCulture))];
            var margin = scores.narrow(0, ends[0], ends[1] - ends[0] + 1) - scores.narrow(0, ends[2], ends[3] - ends[2] + 1);
            return -nn.functional.logsigmoid(margin).mean();
        }

        var labels = Regex.Match(definition, @"labels ((\d+ ?)+)").Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return nn.functional.cross_entropy(scores, tensor(labels.Select(l => long.Parse(l, System.Globalization.CultureInfo.InvariantCulture)).ToArray()));
    }

    private static void CheckConfig(GoldenCase golden, string folder, string copy)
    {
        var (before, after) = (JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!, JsonNode.Parse(File.ReadAllText(Path.Combine(copy, "config.json")))!);
        foreach (var key in (string[])["architectures", "pad_token_id", "tie_word_embeddings"])
            golden.Equal($"{key}, saved again", before[key]?.ToJsonString(), after[key]?.ToJsonString());
        if (before["id2label"] is { } labels)
            golden.Equal("id2label, saved again", labels.ToJsonString(), after["id2label"]!.ToJsonString());
    }

    private static (GoldenTensor Ids, bool[] Counts, int[][] Texts) Rows(IReadOnlyDictionary<string, GoldenTensor> expected, string key)
    {
        var ids = expected[key + ".input_ids"];
        bool[] counts = [.. expected[key + ".attention_mask"].Integers!.Select(i => i == 1)];
        var width = (int)ids.Shape[1];
        return (ids, counts, [.. Enumerable.Range(0, (int)ids.Shape[0]).Select(r => Enumerable.Range(r * width, width).Where(i => counts[i]).Select(i => (int)ids.Integers![i]).ToArray())]);
    }

    private static BranchedBatch Packed(int[][] texts) => BranchedBatch.OfTexts(texts);

    // Each text as a prefix with its last token as a branch, where it has more than one.
    private static BranchedBatch Cut(int[][] texts)
    {
        var segments = new List<Segment>();
        foreach (var text in texts)
        {
            if (text.Length > 1)
                segments.Add(new(text[..^1], new bool[text.Length - 1], -1));
            segments.Add(new(text[^1..], [false], text.Length > 1 ? segments.Count - 1 : -1));
        }

        return new(segments);
    }
}
