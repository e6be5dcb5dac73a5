using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Interpretability.Lenses;
using Alidade.Interpretability.Patching;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Models.Hooks;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden;

/// <summary>The logit lens and residual patching on the real 135 M model. Each tensor of the reference file is a case.</summary>
[Golden("interpretability/smol")]
public sealed class SmolInterpretabilityGoldenTests
{
    private const double Logits = 2e-4, Metrics = 2e-4;
    private const string Folder = "interpretability/smol";

    public static IEnumerable<TheoryDataRow<string>> Tensors() => GoldenFolder.Rows(() =>
        GoldenFolder.Files(Folder, "*.safetensors").SelectMany(f => GoldenTensors.Read(GoldenFolder.PathOf(f)).Keys.Where(k => !k.EndsWith("ids", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(k => $"{f[..^".safetensors".Length]}/{k}")));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tensors))]
    [Trait("Kind", "Golden")]
    public void The_real_model_opened_equals_the_reference(string path) => GoldenCase.Run(Folder, path, golden =>
    {
        var (file, key) = (path[..path.LastIndexOf('/')], path[(path.LastIndexOf('/') + 1)..]);
        if (key is not ("logits_last" or "patch.resid_pre") && !key.StartsWith("logit_lens.", StringComparison.Ordinal))
            throw new NotBuiltException("of the real model's file, the logit lens and the patched residual stream are computed");
        var expected = GoldenTensors.Read(GoldenFolder.PathOf(file + ".safetensors"));
        var about = JsonNode.Parse(File.ReadAllText(GoldenFolder.PathOf(file + ".json")))!;
        var answers = DecoderGoldenTests.Ints(about["answer_ids"]!);
        var model = GoldenModels.Smol;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var clean = Grid(expected["clean_ids"]);
        using var cache = ActivationCache.Record(model.Hooks, LogitLens.HookPatterns, () => model.Hidden(clean).Dispose());
        if (key == "patch.resid_pre")
        {
            using var corrupted = Grid(expected["corrupted_ids"]);
            double Metric(Tensor logits) => logits[0, -1, answers[0]].item<float>() - (double)logits[0, -1, answers[1]].item<float>();
            golden.Close(key, expected[key].Values, [.. ActivationPatching.Grid(model, corrupted, cache, "hook_resid_pre", Metric).Cast<double>()], Metrics);
            return;
        }

        var all = LogitLens.Logits(model, cache);
        var last = all.narrow(2, all.size(2) - 1, 1).reshape(all.size(0), all.size(3));
        switch (key)
        {
            case "logits_last":
                golden.Close(key, expected[key].Values, DecoderGoldenTests.Values(last[-1]), Logits);
                break;
            case "logit_lens.logits_of_answers":
                golden.Close(key, expected[key].Values, DecoderGoldenTests.Values(last.index_select(1, tensor(answers.Select(a => (long)a).ToArray()))), Logits);
                break;
            case "logit_lens.entropy":
                golden.Close(key, expected[key].Values, LensStatistics.Of(last).Entropy, Metrics);
                break;
            case "logit_lens.kl_final_lens":
                golden.Close(key, expected[key].Values, LensStatistics.Of(last).KlToFinal, Metrics);
                break;
            case "logit_lens.top5":
                golden.Equal(key, string.Join(' ', expected[key].Integers!), string.Join(' ', last.topk(5, -1).indexes.contiguous().data<long>().ToArray()));
                break;
            case "logit_lens.rank_of_first_answer":
                var ranks = (last > last.index_select(1, tensor([(long)answers[0]]))).sum(-1) + 1;
                golden.Equal(key, string.Join(' ', expected[key].Integers!), string.Join(' ', ranks.data<long>().ToArray()));
                break;
            default:
                throw new NotBuiltException($"lens statistic '{key}'");
        }
    });

    private static TokenGrid Grid(GoldenTensor ids) => TokenGrid.Of([.. ids.Integers!.Select(i => (int)i)]);
}
