using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Tests.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Adapters;

/// <summary>Adapters leave no tensor behind, however they are made, used and lost.</summary>
public sealed class AdapterLeakTests : IDisposable
{
    private static readonly LoraOptions Everything = new() { Rank = 2, Dora = true, Targets = ["c_attn", "c_proj", "wte"], Bias = TrainedBiases.All, SavedModules = ["ln_f"], ScoringLabels = 1 };
    private readonly CausalLM model = Small.Model("gpt2");
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        model.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Making_using_summing_saving_and_loading_leave_no_tensor() => Unchanged(() =>
    {
        using var adapter = LoraAdapter.Create(model, "one", Everything, seed: 1);
        using var plain = LoraAdapter.Create(model, "two", new() { Rank = 1 }, seed: 1);
        using var sum = AdapterSum.Of(model, "sum", (adapter, 0.5), (plain, 2));
        foreach (var used in new[] { adapter, plain, sum })
        {
            using (model.Use(used))
                Small.Logits(model, [1, 2, 3]);
            using (model.UseMerged(used))
                Small.Logits(model, [1, 2, 3]);
        }

        PeftFolder.Save(adapter, model, folder.Path);
        using var loaded = PeftFolder.Load(model, folder.Path);
    });

    [Fact]
    public void Training_steps_and_scores_leave_no_tensor()
    {
        using var adapter = LoraAdapter.Create(model, "one", Everything, seed: 1);
        using var use = model.Use(adapter);
        Unchanged(() =>
        {
            using var scope = NewDisposeScope();
            var batch = BranchedBatch.OfTexts([[1, 2, 3], [4, 5]]);
            (model.LogProbs(batch).mean() + model.Scores(batch).sum()).backward();
        });
    }

    [Fact]
    public void Merging_leaves_no_tensor()
    {
        using var adapter = LoraAdapter.Create(model, "one", Everything with { ScoringLabels = 0 }, seed: 1);
        model.Merge(adapter);
        Unchanged(() => model.Merge(adapter));
    }

    [Fact]
    public void Adapters_that_are_refused_leave_no_tensor()
    {
        using var other = Small.Model("gpt2", width: 32);
        using (var adapter = LoraAdapter.Create(model, "one", Everything, seed: 1))
            PeftFolder.Save(adapter, model, folder.Path);
        Unchanged(() => Assert.Throws<AlidadeException>(() => PeftFolder.Load(other, folder.Path)));
        File.Copy(folder.File("adapter_model.safetensors"), Path.Combine(Directory.CreateDirectory(folder.File("other")).FullName, "adapter_model.safetensors"));
        File.WriteAllText(Path.Combine(folder.File("other"), "adapter_config.json"),
            File.ReadAllText(folder.File("adapter_config.json")).Replace("\"r\": 2", "\"r\": 3", StringComparison.Ordinal));
        Unchanged(() => Assert.Throws<AlidadeException>(() => PeftFolder.LoadAll(model, folder.Path)));
    }

    private static void Unchanged(Action call)
    {
        for (var warmUp = 0; warmUp < 3; warmUp++)
            call();
        var before = LiveTensors.Settled();
        for (var i = 0; i < 20; i++)
            call();
        Assert.Equal(before, Tensor.TotalCount);
    }
}
