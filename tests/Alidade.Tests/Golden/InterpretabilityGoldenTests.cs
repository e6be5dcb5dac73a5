using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Interpretability.Lenses;
using Alidade.Interpretability.Patching;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Models.Hooks;
using Alidade.Models.Processing;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden;

/// <summary>Caches, processed weights, the logit lens and activation patching on tiny models. Each tensor of a reference file is a case.</summary>
[Golden("interpretability/cache")]
[Golden("interpretability/lens")]
[Golden("interpretability/patching")]
[Golden("interpretability/models")]
[Golden("interpretability/manifest.json")]
[Golden("interpretability/verification")]
public sealed class InterpretabilityGoldenTests
{
    private const double Activations = 5e-5, Patterns = 1e-5, Patched = 5e-5, Weights = 2e-6;

    public static IEnumerable<TheoryDataRow<string>> Caches() => GoldenFolder.Rows(() =>
        GoldenFolder.Files("interpretability/cache", "*.safetensors").Select(f => f[..^".safetensors".Length]));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Caches))]
    [Trait("Kind", "Golden")]
    public void Cached_activations_equal_the_reference(string path) => GoldenCase.Run("interpretability/cache", path, golden =>
    {
        var (name, kind) = (path.Split('/')[^1].Split('.')[0], path.Split('/')[^1].Split('.')[1]);
        using var loaded = Model(name);
        using var processed = kind.StartsWith("processed", StringComparison.Ordinal) ? WeightProcessing.Apply(loaded) : null;
        var model = processed ?? loaded;
        if (kind == "processed_weights")
        {
            WeightsEqual(golden, GoldenTensors.Read(GoldenFolder.PathOf(path + ".safetensors")), model);
            return;
        }

        if (kind is not ("raw" or "processed" or "padded"))
            throw new NotBuiltException($"cache of kind '{kind}'");
        var isPadded = kind == "padded";
        var io = GoldenTensors.Read(GoldenFolder.PathOf($"interpretability/models/{name}.io.safetensors"));
        var expected = GoldenTensors.Read(GoldenFolder.PathOf(path + ".safetensors"));
        var ids = io[isPadded ? "ids_padded" : "ids"];
        var (rows, width) = ((int)ids.Shape[0], (int)ids.Shape[1]);
        var counts = isPadded ? io["attention_mask"].Integers!.Select(i => i == 1).ToArray() : [.. Enumerable.Repeat(true, rows * width)];
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var grid = isPadded ? TokenGrid.Masked(ids.Integers!, counts, rows, width) : Grid(ids);
        Tensor? logits = null;
        using var cache = ActivationCache.Record(model.Hooks, ["*"], () => logits = model.Logits(grid));
        DecoderGoldenTests.Difference(golden, "logits", expected["logits"], logits!, counts, Activations);
        golden.Equal("hook points", "", string.Join(' ', expected.Keys.Where(k => k.Contains("hook_", StringComparison.Ordinal)).Except(cache.Names)));
        foreach (var hook in cache.Names.Where(expected.ContainsKey))
        {
            var isPattern = hook.EndsWith("hook_pattern", StringComparison.Ordinal);
            var value = cache[hook];
            if (isPattern || hook.EndsWith("hook_attn_scores", StringComparison.Ordinal))
                LowerTriangle(golden, hook, expected[hook], value, counts, isPattern ? Patterns : Activations);
            else
                DecoderGoldenTests.Difference(golden, hook, expected[hook], value, counts, Activations);
        }
    });

    public static IEnumerable<TheoryDataRow<string>> Lenses() => GoldenFolder.Rows(() =>
        GoldenFolder.Files("interpretability/lens", "*.safetensors").SelectMany(f => GoldenTensors.Read(GoldenFolder.PathOf(f)).Keys.Order(StringComparer.Ordinal).Select(k => $"{f[..^".safetensors".Length]}/{k}")));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Lenses))]
    [Trait("Kind", "Golden")]
    public void Lenses_equal_the_reference(string path) => GoldenCase.Run("interpretability/lens", path, golden =>
    {
        var (file, key) = (path[..path.LastIndexOf('/')], path[(path.LastIndexOf('/') + 1)..]);
        if (key is not ("raw.logit_lens" or "processed.logit_lens") && !key.StartsWith("lens.", StringComparison.Ordinal))
            throw new NotBuiltException($"of the lens files, only the logit lens and its statistics are computed");
        var name = file.Split('/')[^1];
        using var loaded = Model(name);
        using var processed = key.StartsWith("processed.", StringComparison.Ordinal) ? WeightProcessing.Apply(loaded) : null;
        var model = processed ?? loaded;
        var expected = GoldenTensors.Read(GoldenFolder.PathOf(file + ".safetensors"))[key];
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var grid = Grid(GoldenTensors.Read(GoldenFolder.PathOf($"interpretability/models/{name}.io.safetensors"))["ids"]);
        using var cache = ActivationCache.Record(model.Hooks, LogitLens.HookPatterns, () => model.Hidden(grid).Dispose());
        var logits = LogitLens.Logits(model, cache);
        switch (key)
        {
            case "raw.logit_lens" or "processed.logit_lens":
                DecoderGoldenTests.Difference(golden, key, expected, logits, null, Activations);
                break;
            case "lens.entropy":
                golden.Close(key, expected.Values, LensStatistics.Of(logits).Entropy, Activations);
                break;
            case "lens.kl_final_lens":
                golden.Close(key, expected.Values, LensStatistics.Of(logits).KlToFinal, Activations);
                break;
            case "lens.max_prob":
                golden.Close(key, expected.Values, LensStatistics.Of(logits).MaxProbability, Activations);
                break;
            case "lens.cross_entropy":
                golden.Close(key, expected.Values, LensStatistics.OfNextTokens(logits, grid.Ids).CrossEntropy, Activations);
                break;
            case "lens.rank":
                golden.Equal(key, string.Join(' ', expected.Integers!), string.Join(' ', LensStatistics.OfNextTokens(logits, grid.Ids).Rank));
                break;
            case "lens.top5":
                golden.Equal(key, string.Join(' ', expected.Integers!), string.Join(' ', logits.topk(5, -1).indexes.contiguous().data<long>().ToArray()));
                break;
            default:
                throw new NotBuiltException($"lens statistic '{key}'");
        }
    });

    public static IEnumerable<TheoryDataRow<string>> Patches() => GoldenFolder.Rows(() =>
        GoldenFolder.Files("interpretability/patching", "*.safetensors").SelectMany(f => GoldenTensors.Read(GoldenFolder.PathOf(f)).Keys.Where(k => k.Contains('.', StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(k => $"{f[..^".safetensors".Length]}/{k}")));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Patches))]
    [Trait("Kind", "Golden")]
    public void Patched_metrics_equal_the_reference(string path) => GoldenCase.Run("interpretability/patching", path, golden =>
    {
        var (file, key) = (path[..path.LastIndexOf('/')], path[(path.LastIndexOf('/') + 1)..]);
        var parts = key.Split('.');
        if (parts is ["attribution", _])
        {
            Attributed(golden, file, parts[1]);
            return;
        }

        if (parts is not ["patch" or "normalised", "resid_pre" or "resid_mid" or "resid_post" or "attn_out" or "mlp_out"])
            throw new NotBuiltException($"of the patching files, only the residual stream, attention and MLP outputs are patched");
        var expected = GoldenTensors.Read(GoldenFolder.PathOf(file + ".safetensors"));
        using var model = Model(file.Split('/')[^1]);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var clean = Grid(expected["clean_ids"]);
        using var corrupted = Grid(expected["corrupted_ids"]);
        double Metric(Tensor logits) => Enumerable.Range(0, expected["answer_ids"].Integers!.Length).Average(row =>
            logits[row, -1, expected["answer_ids"].Integers![row]].item<float>() - (double)logits[row, -1, expected["wrong_ids"].Integers![row]].item<float>());
        golden.Close("clean metric", expected["clean_metric"].Values[0], Metric(model.Logits(clean)), Patched);
        using var cache = ActivationCache.Record(model.Hooks, [$"blocks.*.hook_{parts[1]}"], () => model.Hidden(clean).Dispose());
        var (low, high) = (expected["corrupted_metric"].Values[0], expected["clean_metric"].Values[0]);
        var grid = ActivationPatching.Grid(model, corrupted, cache, "hook_" + parts[1], Metric).Cast<double>();
        golden.Close(key, expected[key].Values, [.. parts[0] == "patch" ? grid : grid.Select(m => ActivationPatching.Normalised(m, low, high))], Patched);
    });

    // Σ (a_clean − a_corrupted) · ∂m/∂a on the corrupted run, summed over what the grid's axes do not name.
    private static void Attributed(GoldenCase golden, string file, string grid)
    {
        var (point, reduce) = grid switch
        {
            "resid_pre" or "resid_mid" or "resid_post" or "attn_out" or "mlp_out" => ("hook_" + grid, (Func<Tensor, Tensor>)(x => x.sum([0, 2]))),
            "z_by_head" or "q_by_head" or "k_by_head" or "v_by_head" => ("attn.hook_" + grid[..1], x => x.sum([0, 1, 3])),
            "z_by_pos_head" or "q_by_pos_head" or "k_by_pos_head" or "v_by_pos_head" => ("attn.hook_" + grid[..1], x => x.sum([0, 3])),
            "pattern_by_head" => ("attn.hook_pattern", x => x.sum([0, 2, 3])),
            "pattern_by_head_pos" => ("attn.hook_pattern", x => x.sum([0, 3])),
            _ => throw new NotBuiltException($"attribution over '{grid}'"),
        };
        var expected = GoldenTensors.Read(GoldenFolder.PathOf(file + ".safetensors"));
        using var scope = NewDisposeScope();
        using var model = Model(file.Split('/')[^1]);
        using var clean = Grid(expected["clean_ids"]);
        using var corrupted = Grid(expected["corrupted_ids"]);
        var (answers, wrong) = (expected["answer_ids"].Integers!, expected["wrong_ids"].Integers!);
        string[] points = [$"blocks.*.{point}"];
        using var insert = ActivationCache.Record(model.Hooks, points, () => model.Hidden(clean).Dispose());
        var (activations, gradients) = ActivationCache.RecordWithGradients(model.Hooks, points, () =>
        {
            var last = model.Logits(corrupted).select(1, -1);
            return (last.gather(1, tensor(answers).unsqueeze(1)) - last.gather(1, tensor(wrong).unsqueeze(1))).mean();
        });
        using (activations)
        using (gradients)
        {
            var rows = Enumerable.Range(0, model.Config.Layers).Select(l => $"blocks.{l}.{point}").Where(n => activations.Names.Contains(n))
                .Select(n => reduce((insert[n] - activations[n]) * gradients[n]));
            DecoderGoldenTests.Difference(golden, "attribution." + grid, expected["attribution." + grid], stack([.. rows]), null, Patched);
        }
    }

    private static CausalLM Model(string name) => CausalLM.Load(GoldenFolder.PathOf("interpretability/models/" + name));

    private static TokenGrid Grid(GoldenTensor ids) =>
        TokenGrid.Of([.. ids.Integers!.Select(i => (int)i).Chunk((int)ids.Shape[1])]);

    private static void WeightsEqual(GoldenCase golden, IReadOnlyDictionary<string, GoldenTensor> expected, CausalLM model)
    {
        using var scope = NewDisposeScope();
        var weights = HookedWeights.Of(model);
        golden.Equal("weights", "", string.Join(' ', expected.Keys.Except(weights.Keys)));
        foreach (var (name, weight) in expected)
            DecoderGoldenTests.Difference(golden, name, weight, weights[name], null, Weights);
    }

    private static void LowerTriangle(GoldenCase golden, string what, GoldenTensor expected, Tensor actual, bool[] counts, double tolerance)
    {
        var values = DecoderGoldenTests.Values(actual);
        var width = (int)actual.size(-1);
        var heads = (int)actual.size(1);
        var worst = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            var (key, query, row) = (i % width, i / width % width, i / width / width / heads);
            if (key <= query && counts[(row * width) + query] && counts[(row * width) + key])
                worst = Math.Max(worst, Math.Abs(values[i] - expected.Values[i]));
        }

        golden.Within(what, worst, tolerance);
    }
}
