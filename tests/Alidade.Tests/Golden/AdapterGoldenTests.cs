using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden;

/// <summary>Adapters in PEFT's format over the tiny base models: on, off, merged, loss, gradients, and the way back to a folder.</summary>
[Golden("adapters")]
public sealed class AdapterGoldenTests
{
    public static IEnumerable<TheoryDataRow<string>> Adapters() => GoldenFolder.Rows(() => GoldenFolder.FoldersWith("adapters", "golden.json"));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Adapters))]
    [Trait("Kind", "Golden")]
    public void Adapters_equal_the_reference(string path) => GoldenCase.Run("adapters", path, golden =>
    {
        var folder = GoldenFolder.PathOf(path);
        if (!File.Exists(Path.Combine(folder, "adapter_config.json")))
            throw new NotBuiltException("several adapters combined");
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "adapter_config.json")))!;
        if (config["task_type"]?.GetValue<string>() == "SEQ_CLS")
            throw new NotBuiltException("sequence classification heads");
        var about = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")))!;
        var expected = GoldenTensors.Read(Path.Combine(folder, "golden.safetensors"));
        var logits = (double?)about["tolerance"]?["logits_max_abs"] ?? 5e-5;
        int[] ids = [.. expected["input_ids"].Integers!.Select(i => (int)i)];
        using var model = CausalLM.Load(Path.GetFullPath(Path.Combine(folder, config["base_model_name_or_path"]!.GetValue<string>())));
        using var adapter = PeftFolder.Load(model, folder);
        using var scope = NewDisposeScope();
        using var grid = TokenGrid.Of(ids);
        CheckLogits("logits.off", "logits.off");
        using (model.Use(adapter))
        {
            CheckLogits("logits.on", "logits.on");
            CheckGradients(golden, model, adapter, about, ids);
        }

        using var copy = new Core.TemporaryFolder();
        PeftFolder.Save(adapter, model, copy.Path);
        foreach (var (name, value) in GoldenTensors.Read(Path.Combine(folder, "adapter_model.safetensors")))
            golden.Close(name + ", saved again", value.Values, GoldenTensors.Read(Path.Combine(copy.Path, "adapter_model.safetensors"))[name].Values, 0);
        model.Merge(adapter);
        CheckLogits("logits.merged", "logits.merged");

        void CheckLogits(string what, string key)
        {
            using var noGrad = no_grad();
            DecoderGoldenTests.Difference(golden, what, expected[key], model.Logits(grid), null, logits);
        }
    });

    private static void CheckGradients(GoldenCase golden, CausalLM model, LoraAdapter adapter, JsonNode about, int[] ids)
    {
        const double lossTolerance = 5e-6, relative = 2e-4;
        if (about["loss"] is null || about["gradients"] is null)
            return;
        var loss = -model.LogProbs(BranchedBatch.OfTexts([ids])).mean();
        golden.Close("loss", about["loss"] is JsonObject l ? l["value"]!.GetValue<double>() : about["loss"]!.GetValue<double>(), loss.item<float>(), lossTolerance);
        loss.backward();
        var gradients = about["gradients"]!["per_parameter"] ?? about["gradients"]!;
        foreach (var (name, value) in adapter.Parameters)
        {
            if (gradients[name["base_model.model.".Length..]] is not { } reference)
                throw new InvalidOperationException($"no reference gradient for {name}");
            var l2 = reference is JsonObject o ? o["l2"]!.GetValue<double>() : reference.GetValue<double>();
            golden.Within($"gradient of {name}, relative", Math.Abs((value.grad!.norm().item<float>() / l2) - 1), relative);
        }
    }
}
