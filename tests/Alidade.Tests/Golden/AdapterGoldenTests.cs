using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Tests.Core;

using static TorchSharp.torch;

namespace Alidade.Tests.Golden;

/// <summary>Adapters in PEFT's format over the tiny base models: on, off, merged, loss, gradients, sums of several, and the way back to a folder.</summary>
[Golden("adapters")]
public sealed class AdapterGoldenTests
{
    private const string Config = "adapter_config.json";
    private const string Weights = "adapter_model.safetensors";

    public static IEnumerable<TheoryDataRow<string>> Single() => GoldenFolder.Rows(() => GoldenFolder.FoldersWith("adapters", Config));

    /// <summary>Folders that hold folders of adapters.</summary>
    public static IEnumerable<TheoryDataRow<string>> Several() => GoldenFolder.Rows(() =>
        GoldenFolder.FoldersWith("adapters", "golden.json").Where(f => GoldenFolder.FoldersWith(f, Config).Any()));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Single))]
    [Trait("Kind", "Golden")]
    public void Adapters_equal_the_reference(string path) => GoldenCase.Run("adapters", path, golden =>
    {
        var (folder, about, expected) = Read(path);
        var tolerance = (double)about["tolerance"]!["logits_max_abs"]!;
        using var model = BaseOf(folder);
        using var adapter = PeftFolder.Load(model, folder);
        using var scope = NewDisposeScope();
        int[] ids = [.. expected["input_ids"].Integers!.Select(i => (int)i)];
        using var grid = TokenGrid.Of(ids);
        // PEFT leaves trained biases on; then logits.base is the base.
        var off = expected.ContainsKey("logits.base") ? "logits.base" : "logits.off";
        CheckLogits("off", off);
        using (model.Use(adapter))
        {
            CheckLogits("on", "logits.on");
            CheckGradients(golden, model, adapter, about, ids);
            using (model.Use(null))
                CheckLogits("off, inside", off);
            CheckLogits("on again", "logits.on");
        }

        using (model.UseMerged(adapter))
            CheckLogits("merged for a while", "logits.merged");
        CheckLogits("unmerged", off);
        CheckFolder(golden, model, adapter, folder);
        model.Merge(adapter);
        CheckLogits("merged", "logits.merged");
        using var copy = new TemporaryFolder();
        model.Save(copy.Path);
        using var saved = CausalLM.Load(copy.Path);
        using var noGrad = no_grad();
        DecoderGoldenTests.Difference(golden, "merged, saved and loaded", expected["logits.merged"], saved.Logits(grid), null, tolerance);

        void CheckLogits(string what, string key)
        {
            using var withoutGradient = no_grad();
            DecoderGoldenTests.Difference(golden, what, expected[key], model.Logits(grid), null, tolerance);
        }
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Several))]
    [Trait("Kind", "Golden")]
    public void Several_adapters_and_their_sums_equal_the_reference(string path) => GoldenCase.Run("adapters", path, golden =>
    {
        var (folder, about, expected) = Read(path);
        var tolerance = (double)about["tolerance"]!["logits_max_abs"]!;
        using var model = BaseOf(Directory.EnumerateDirectories(folder).First(d => File.Exists(Path.Combine(d, Config))));
        var adapters = PeftFolder.LoadAll(model, folder);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var grid = TokenGrid.Of([.. expected["input_ids"].Integers!.Select(i => (int)i)]);
        foreach (var (name, adapter) in adapters)
            Check(name, adapter, "logits." + name);
        var combinations = about["combinations"]!;
        CheckSum("weights", "logits.cat", "logits.svd");
        CheckSum("negative_weights", "logits.cat_negative");
        foreach (var adapter in adapters.Values)
            adapter.Dispose();

        void CheckSum(string weights, params string[] keys)
        {
            using var sum = AdapterSum.Of(model, weights, [.. adapters.Values.Zip(DecoderGoldenTests.Numbers(combinations[weights]!))]);
            using var copy = new TemporaryFolder();
            PeftFolder.Save(sum, model, copy.Path);
            using var loaded = PeftFolder.Load(model, copy.Path);
            foreach (var key in keys)
            {
                Check(key, sum, key);
                Check(key + ", saved and loaded", loaded, key);
            }
        }

        void Check(string what, LoraAdapter adapter, string key)
        {
            using (model.Use(adapter))
                DecoderGoldenTests.Difference(golden, what, expected[key], model.Logits(grid), null, tolerance);
            using (model.UseMerged(adapter))
                DecoderGoldenTests.Difference(golden, what + ", merged", expected[key], model.Logits(grid), null, tolerance);
        }
    });

    private static (string Folder, JsonNode About, IReadOnlyDictionary<string, GoldenTensor> Expected) Read(string path)
    {
        var folder = GoldenFolder.PathOf(path);
        return (folder, JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")))!, GoldenTensors.Read(Path.Combine(folder, "golden.safetensors")));
    }

    private static CausalLM BaseOf(string folder)
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, Config)))!;
        return CausalLM.Load(Path.GetFullPath(Path.Combine(folder, config["base_model_name_or_path"]!.GetValue<string>())));
    }

    private static void CheckGradients(GoldenCase golden, CausalLM model, LoraAdapter adapter, JsonNode about, int[] ids)
    {
        var relative = (double)about["tolerance"]!["gradient_l2_relative"]!;
        var loss = -model.LogProbs(BranchedBatch.OfTexts([ids])).mean();
        golden.Close("loss", (double)about["loss"]!, loss.item<float>(), (double)about["tolerance"]!["loss_abs"]!);
        loss.backward();
        var gradients = about["gradients"]!.AsObject();
        golden.Equal("trained tensors", string.Join(' ', gradients.Select(g => g.Key).Order(StringComparer.Ordinal)),
            string.Join(' ', adapter.Parameters.Select(p => p.Name["base_model.model.".Length..]).Order(StringComparer.Ordinal)));
        golden.Equal("trained numbers", (long)about["trainable_parameters"]!, adapter.Parameters.Sum(p => p.Value.numel()));
        foreach (var (name, value) in adapter.Parameters)
        {
            var reference = gradients[name["base_model.model.".Length..]]!;
            var (l2, first) = ((double)reference["l2"]!, DecoderGoldenTests.Numbers(reference["first"]!));
            golden.Within($"gradient of {name}, relative", Math.Abs((value.grad!.norm().item<float>() / l2) - 1), relative);
            golden.Close($"gradient of {name}, first values", [.. first.Select(v => v / l2)],
                [.. DecoderGoldenTests.Values(value.grad!.flatten().narrow(0, 0, first.Length)).Select(v => v / l2)], relative);
        }
    }

    private static void CheckFolder(GoldenCase golden, CausalLM model, LoraAdapter adapter, string folder)
    {
        using var copy = new TemporaryFolder();
        PeftFolder.Save(adapter, model, copy.Path);
        var (before, after) = (GoldenTensors.Read(Path.Combine(folder, Weights)), GoldenTensors.Read(Path.Combine(copy.Path, Weights)));
        // What PEFT copies from the base is not written.
        var own = before.Keys.Where(n => !n.EndsWith(".base_layer.weight", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        golden.Equal("names, saved again", string.Join(' ', own), string.Join(' ', after.Keys.Order(StringComparer.Ordinal)));
        foreach (var (name, value) in after)
        {
            golden.Equal(name + ": shape", string.Join(',', before[name].Shape), string.Join(',', value.Shape));
            golden.Close(name + ", saved again", before[name].Values, value.Values, 0);
        }

        var (config, again) = (JsonNode.Parse(File.ReadAllText(Path.Combine(folder, Config)))!.AsObject(), JsonNode.Parse(File.ReadAllText(Path.Combine(copy.Path, Config)))!.AsObject());
        foreach (var (key, value) in again.Where(p => p.Key != "base_model_name_or_path"))
            golden.Equal($"{key} of the configuration, saved again", Json(config[key]), Json(value));
        using var loaded = PeftFolder.Load(model, copy.Path);

        static string Json(JsonNode? node) => node is JsonValue value && value.TryGetValue<double>(out var number)
            ? number.ToString("r", System.Globalization.CultureInfo.InvariantCulture) : node is JsonObject o ? string.Join(' ', o.Select(p => $"{p.Key} {Json(p.Value)}")) : node?.ToJsonString() ?? "null";
    }
}
