using System.Text.Json.Nodes;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Models.Generation;
using Alidade.Models.Hooks;
using Alidade.Tests.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden;

/// <summary>Tiny models of every family: logits, hidden states, attention, padding, log-probabilities, loss, gradients, greedy continuations.</summary>
[Golden("models")]
public sealed class DecoderGoldenTests
{
    /// <summary>Every folder with a golden.json but the encoders'.</summary>
    public static IEnumerable<TheoryDataRow<string>> Models() =>
        GoldenFolder.Rows(() => GoldenFolder.FoldersWith("models", "golden.json").Where(path => !EncoderGoldenTests.IsEncoder(path)));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Models))]
    [Trait("Kind", "Golden")]
    public void Models_equal_the_reference(string path) => GoldenCase.Run("models", path, golden =>
    {
        var folder = GoldenFolder.PathOf(path);
        using var model = CausalLM.Load(folder);
        var about = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")))!.AsObject();
        var expected = GoldenTensors.Read(Path.Combine(folder, "golden.safetensors"));
        var tolerance = about["tolerance"]!;
        if (about["parameters"] is JsonValue count)
            golden.Equal("parameters", count.GetValue<long>(), model.ParameterCount);
        CheckForward(golden, model, expected, tolerance);
        if (about["a.logprobs"] is not null)
            CheckLogProbs(golden, model, about, expected, tolerance);
        if (about["gradients"] is not null)
            CheckGradients(golden, model, about, expected, tolerance);
        if (about["greedy"] is not null)
            CheckGreedy(golden, model, about);
        if (File.Exists(Path.Combine(folder, "config.hub.json")))
            CheckHubConfig(golden, folder, expected, tolerance);
    });

    private static void CheckForward(GoldenCase golden, CausalLM model, IReadOnlyDictionary<string, GoldenTensor> expected, JsonNode tolerance)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var key in new[] { "a", "b", "c", "d" }.Where(k => expected.ContainsKey(k + ".input_ids")))
        {
            var ids = expected[key + ".input_ids"];
            var (rows, width) = ((int)ids.Shape[0], (int)ids.Shape[1]);
            var counts = expected.TryGetValue(key + ".attention_mask", out var m) ? m.Integers!.Select(i => i == 1).ToArray() : Enumerable.Repeat(true, rows * width).ToArray();
            using var grid = m is null ? TokenGrid.Of([.. Enumerable.Range(0, rows).Select(r => ids.Integers!.Skip(r * width).Take(width).Select(i => (int)i).ToArray())])
                : TokenGrid.Masked(ids.Integers!, counts, rows, width);
            Difference(golden, key + ".logits, fused", expected[key + ".logits"], model.Logits(grid), counts, (double)tolerance["logits_max_abs"]!);
            var layers = model.Config.Layers;
            Tensor? logits = null;
            Tensor? last = null;
            using var cache = ActivationCache.Record(model.Hooks, ["blocks.*.hook_resid_pre", "blocks.*.hook_resid_post", "blocks.*.hook_pattern"], () =>
            {
                last = model.Hidden(grid);
                logits = model.Unembed(last);
            });
            Difference(golden, key + ".logits, explicit", expected[key + ".logits"], logits!, counts, (double)tolerance["logits_max_abs"]!);
            for (var i = 0; i <= layers; i++)
            {
                var hidden = i == layers ? last! : i == 0 ? cache["blocks.0.hook_resid_pre"] : cache[$"blocks.{i - 1}.hook_resid_post"];
                if (expected.TryGetValue($"{key}.hidden.{i}", out var h))
                    Difference(golden, $"{key}.hidden.{i}", h, hidden, counts, (double)tolerance["hidden_max_abs"]!);
                if (i < layers && expected.TryGetValue($"{key}.attention.{i}", out var p))
                    Difference(golden, $"{key}.attention.{i}", p, cache[$"blocks.{i}.attn.hook_pattern"], null, (double)tolerance["attention_max_abs"]!);
            }
        }
    }

    private static void CheckLogProbs(GoldenCase golden, CausalLM model, JsonObject about, IReadOnlyDictionary<string, GoldenTensor> expected, JsonNode tolerance)
    {
        using var noGrad = no_grad();
        foreach (var key in new[] { "a", "d" })
        {
            using var scope = NewDisposeScope();
            var ids = Row(expected[key + ".input_ids"]);
            var limit = (double)tolerance["logprob_max_abs"]!;
            golden.Close(key + ".logprobs", Numbers(about[key + ".logprobs"]!), Values(model.LogProbs(BranchedBatch.OfTexts([ids]))), limit);

            // The same text as a prefix with its rest as a branch.
            var cut = ids.Length / 2;
            var branched = new BranchedBatch([new(ids[..cut], [.. Enumerable.Range(0, cut).Select(i => i > 0)], -1), new(ids[cut..], [.. ids[cut..].Select(_ => true)], 0)]);
            golden.Close(key + ".logprobs, branched", Numbers(about[key + ".logprobs"]!), Values(model.LogProbs(branched)), limit);
        }
    }

    private static void CheckGradients(GoldenCase golden, CausalLM model, JsonObject about, IReadOnlyDictionary<string, GoldenTensor> expected, JsonNode tolerance)
    {
        foreach (var kept in Enum.GetValues<KeptActivations>())
        {
            using var scope = NewDisposeScope();
            model.KeptActivations = kept;
            foreach (var parameter in model.Parameters.Values)
                parameter.requires_grad_(true);
            var loss = -model.LogProbs(BranchedBatch.OfTexts([Row(expected["a.input_ids"])])).mean();
            golden.Close("loss", (double)about["loss"]!["value"]!, loss.item<float>(), (double)tolerance["loss_abs"]!);
            loss.backward();
            CheckParameterGradients(golden, model.Parameters, about["gradients"]!, tolerance);
            foreach (var parameter in model.Parameters.Values)
            {
                parameter.requires_grad_(false);
                parameter.grad = null;
            }
        }

        model.KeptActivations = KeptActivations.All;
    }

    internal static void CheckParameterGradients(GoldenCase golden, IReadOnlyDictionary<string, Tensor> parameters, JsonNode gradients, JsonNode tolerance)
    {
        var total = (double)gradients["total_l2"]!;
        var floor = total * (double)tolerance["gradient_l2_abs_as_share_of_total"]!;
        var relative = (double)tolerance["gradient_l2_relative"]!;
        golden.Close("gradients: total", total, Math.Sqrt(parameters.Values.Sum(p => p.grad!.square().sum().item<float>())), relative * total);
        foreach (var (name, value) in gradients["per_parameter"]!.AsObject())
        {
            var gradient = parameters[name].grad!;
            var l2 = (double)value!["l2"]!;
            golden.Close($"gradient of {name}", l2, gradient.norm().item<float>(), (relative * l2) + floor);
            var first = Numbers(value["first"]!);
            golden.Close($"gradient of {name}, first values", first, Values(gradient.flatten().narrow(0, 0, first.Length)), (relative * l2) + floor);
        }
    }

    private static void CheckGreedy(GoldenCase golden, CausalLM model, JsonObject about)
    {
        foreach (var run in about["greedy"]!["runs"]!.AsArray())
        {
            var prompt = Ints(run!["prompt"]!);
            var recomputed = Ints(run["continuation"]!);
            var options = new GenerationOptions { MaxNewTokens = recomputed.Length, IgnoreEndTokens = true };
            var cached = run["continuation_by_generate"] is { } byGenerate ? Ints(byGenerate) : recomputed;
            golden.Equal("greedy, with cache", string.Join(' ', cached), string.Join(' ', TextGenerator.Generate(model, [prompt], options)[0].Ids));
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var all = prompt.ToList();
            foreach (var token in recomputed)
            {
                using var grid = TokenGrid.Of(all);
                golden.Equal("greedy, recomputed", token, (int)model.Logits(grid)[0, all.Count - 1].argmax().item<long>());
                all.Add(token);
            }
        }
    }

    private static void CheckHubConfig(GoldenCase golden, string folder, IReadOnlyDictionary<string, GoldenTensor> expected, JsonNode tolerance)
    {
        using var copy = new TemporaryFolder();
        File.Copy(Path.Combine(folder, "config.hub.json"), Path.Combine(copy.Path, "config.json"));
        foreach (var file in Directory.EnumerateFiles(folder, "model*"))
            File.Copy(file, Path.Combine(copy.Path, Path.GetFileName(file)));
        using var model = CausalLM.Load(copy.Path);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var grid = TokenGrid.Of(Row(expected["d.input_ids"]));
        Difference(golden, "d.logits, configuration as on the hub", expected["d.logits"], model.Logits(grid), null, (double)tolerance["logits_max_abs"]!);
    }

    internal static void Difference(GoldenCase golden, string what, GoldenTensor expected, Tensor actual, bool[]? counts, double tolerance)
    {
        golden.Equal(what + ": shape", string.Join(',', expected.Shape), string.Join(',', actual.shape));
        var values = Values(actual);
        var reference = expected.Values;
        var perToken = counts is null ? values.Length : values.Length / counts.Length;
        var worst = 0.0;
        for (var i = 0; i < values.Length; i++)
            if (counts is null || counts[i / perToken])
                worst = Math.Max(worst, double.IsNaN(values[i]) ? double.PositiveInfinity : Math.Abs(values[i] - reference[i]));
        golden.Within(what, worst, tolerance);
    }

    internal static double[] Values(Tensor tensor)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();
    }

    internal static double[] Numbers(JsonNode node) => [.. node.AsArray().Select(n => n!.GetValue<double>())];

    internal static int[] Ints(JsonNode node) => [.. node.AsArray().Select(n => n!.GetValue<int>())];

    private static int[] Row(GoldenTensor ids) => [.. ids.Integers!.Select(i => (int)i)];
}
