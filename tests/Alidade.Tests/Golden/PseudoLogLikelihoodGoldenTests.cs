using System.Text.Json.Nodes;
using Alidade.Models.Encoders;
using TorchSharp;

namespace Alidade.Tests.Golden;

/// <summary>Masked-token scores of sentence pairs, token by token: the numbers under the CrowS-Pairs metric, which is a measure's to build.</summary>
public sealed class PseudoLogLikelihoodGoldenTests
{
    /// <summary>Every file of the kind.</summary>
    public static IEnumerable<TheoryDataRow<string>> Files() => GoldenFolder.Rows(() => GoldenFolder.Files("evaluation/metrics", "crows_pairs_mlm.json"));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Files))]
    [Trait("Kind", "Golden")]
    public void Each_token_masked_once_gives_the_reference_s_log_probability(string path) => GoldenCase.Run("models/masked", path + "/log-probabilities", golden =>
    {
        // The reference is in float64, for which its README asks 1e-9 relative.
        using var model = MaskedLM.Load(GoldenFolder.PathOf("evaluation/tiny-bert"), new() { DType = torch.ScalarType.Float64 });
        var items = JsonNode.Parse(File.ReadAllText(GoldenFolder.PathOf(path)))!["items"]!.AsArray();
        var texts = new List<MaskedText>();
        var expected = new List<double[]>();
        foreach (var item in items)
            foreach (var side in new[] { "more", "less" })
            {
                var shared = item!["shared_" + side]!;
                int[] ids = DecoderGoldenTests.Ints(item["ids_" + side]!), positions = DecoderGoldenTests.Ints(shared["positions"]!);
                texts.AddRange([new(ids, positions), new(ids, [.. Enumerable.Range(1, ids.Length - 2)])]);
                expected.AddRange([DecoderGoldenTests.Numbers(shared["log_probs"]!), [(double)item["full_pll_" + side]!]]);
            }

        var scores = model.PseudoLogLikelihoods(texts);
        for (var i = 0; i < texts.Count; i += 2)
        {
            for (var p = 0; p < expected[i].Length; p++)
                golden.Close($"text {i / 2}, position {texts[i].Positions[p]}", expected[i][p], scores[i][p], 1e-9 * Math.Abs(expected[i][p]));
            golden.Close($"text {i / 2}, whole", expected[i + 1][0], scores[i + 1].Sum(), 1e-9 * Math.Abs(expected[i + 1][0]));
        }
    });
}
