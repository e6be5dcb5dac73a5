using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using Alidade.Tests.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Adapters;

/// <summary>Laws of adapters: what they change, what they leave alone, and what is refused.</summary>
public sealed class AdapterTests
{
    private static readonly int[] Ids = [3, 17, 8, 8, 25, 1];

    /// <summary>Settings that between them use everything that an adapter can hold.</summary>
    public static TheoryData<string, LoraOptions> Kinds() => new()
    {
        { "llama", new() { Rank = 2 } },
        { "llama", new() { Rank = 3, RankStabilised = true, Dora = true, Targets = ["q_proj", "down_proj", "embed_tokens"], SavedModules = ["norm"] } },
        { "llama", new() { Rank = 2, Targets = ["v_proj", "lm_head"], SavedModules = ["embed_tokens"] } },
        { "gpt2", new() { Rank = 2, Dora = true, Targets = ["c_attn", "c_proj", "wte", "wpe"], Bias = TrainedBiases.All } },
        { "gpt2", new() { Rank = 2, TargetPattern = @".*\.1\..*c_fc", Bias = TrainedBiases.LoraOnly, SavedModules = ["ln_f", "wte"] } },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_new_adapter_changes_nothing_and_one_that_was_trained_is_off_when_it_is_off(string family, LoraOptions options)
    {
        using var model = Small.Model(family);
        var before = Small.Logits(model, Ids);
        using var adapter = LoraAdapter.Create(model, "new", options, seed: 1);
        using (model.Use(adapter))
            Small.Close(before, Small.Logits(model, Ids), 1e-5);
        Small.Shake(adapter, seed: 2);
        using (model.Use(adapter))
            Assert.True(before.Zip(Small.Logits(model, Ids)).Max(p => Math.Abs(p.First - p.Second)) > 0.01);
        Assert.Equal(before, Small.Logits(model, Ids));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void A_snapshot_is_the_model_as_it_was_whatever_becomes_of_the_weights(string family)
    {
        using var model = Small.Model(family);
        using var adapter = LoraAdapter.Create(model, "policy", new() { Rank = 2, Dora = true }, seed: 1);
        Small.Shake(adapter, seed: 2);
        var baseLogits = Small.Logits(model, Ids);
        using var ofBase = model.Snapshot("base");
        var use = model.Use(adapter);
        var adapted = Small.Logits(model, Ids);
        using var ofAdapter = model.Snapshot("adapter");
        use.Dispose();
        Assert.Equal(adapter.Parameters.Select(p => p.Name), ofAdapter.Parameters.Select(p => p.Name));

        Small.Shake(adapter, seed: 3);
        using (model.Use(ofAdapter))
            Assert.Equal(adapted, Small.Logits(model, Ids));
        using (no_grad())
            foreach (var weight in model.Parameters.Values)
                weight.mul_(1.5);
        using (model.Use(ofBase))
            Assert.Equal(baseLogits, Small.Logits(model, Ids));
        Assert.NotEqual(baseLogits, Small.Logits(model, Ids));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void In_use_merged_for_a_while_merged_for_good_and_through_a_folder_are_the_same_model(string family, LoraOptions options)
    {
        using var folder = new TemporaryFolder();
        using var model = Small.Model(family);
        using var adapter = LoraAdapter.Create(model, "policy", options, seed: 1);
        Small.Shake(adapter, seed: 2);
        var off = Small.Logits(model, Ids);
        float[] on, merged;
        using (model.Use(adapter))
            on = Small.Logits(model, Ids);
        using (model.UseMerged(adapter))
            merged = Small.Logits(model, Ids);
        Small.Close(on, merged, 1e-5);
        Assert.Equal(off, Small.Logits(model, Ids));

        PeftFolder.Save(adapter, model, folder.File("adapter"));
        using (var loaded = PeftFolder.Load(model, folder.File("adapter")))
        using (model.Use(loaded))
            Assert.Equal(on, Small.Logits(model, Ids));

        model.Merge(adapter);
        Assert.Equal(merged, Small.Logits(model, Ids));
        model.Save(folder.File("model"));
        using var saved = CausalLM.Load(folder.File("model"));
        Assert.Equal(merged, Small.Logits(saved, Ids));
    }

    [Fact]
    public void Of_a_tied_embedding_and_head_an_adapter_changes_only_the_one_it_names()
    {
        using var model = Small.Model("llama");
        using var adapter = LoraAdapter.Create(model, "embedding", new() { Rank = 2, Targets = ["embed_tokens"] }, seed: 1);
        Small.Shake(adapter, seed: 2);
        using var scope = NewDisposeScope();
        var hidden = rand(2, model.Config.Width);
        var before = model.Unembed(hidden).data<float>().ToArray();
        using (model.Use(adapter))
            Assert.Equal(before, model.Unembed(hidden).data<float>().ToArray());
        model.Merge(adapter);
        Assert.Equal(before, model.Unembed(hidden).data<float>().ToArray());
        Assert.False(model.Config.TiedHead);
    }

    [Fact]
    public void Roles_are_switched_per_call_and_scopes_restore_the_one_before()
    {
        using var model = Small.Model("llama");
        using var policy = Small.Trained(model, new() { Rank = 2 }, 3);
        using var reward = Small.Trained(model, new() { Rank = 2, Targets = ["q_proj"], SavedModules = ["norm"] }, 5);
        var alone = new Dictionary<string, float[]> { ["base"] = Small.Logits(model, Ids) };
        foreach (var (name, adapter) in new[] { ("policy", policy), ("reward", reward) })
            using (model.Use(adapter))
                alone[name] = Small.Logits(model, Ids);
        using (model.Use(policy))
        {
            using (model.Use(reward))
            {
                Assert.Equal(alone["reward"], Small.Logits(model, Ids));
                using (model.Use(null))
                    Assert.Equal(alone["base"], Small.Logits(model, Ids));
                Assert.Equal(alone["reward"], Small.Logits(model, Ids));
            }

            Assert.Equal(alone["policy"], Small.Logits(model, Ids));
        }

        Assert.Equal(alone["base"], Small.Logits(model, Ids));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_sum_adds_the_changes_of_every_weight(string family, LoraOptions options)
    {
        using var model = Small.Model(family);
        using var first = Small.Trained(model, options, 3);
        using var second = Small.Trained(model, new() { Rank = 3, Alpha = 2, Bias = TrainedBiases.All }, 5);
        using var noGrad = no_grad();
        using var sum = AdapterSum.Of(model, "sum", (first, 0.75), (second, -0.5));
        using var scope = NewDisposeScope();
        var (a, b, both) = (Whole(first), Whole(second), Whole(sum));
        Assert.NotEmpty(both);
        Assert.Equal(a.Keys.Union(b.Keys).Order(StringComparer.Ordinal), both.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, value) in both)
        {
            var own = model.Places.Slots[name].Own;
            var expected = own + (((a.GetValueOrDefault(name) ?? own) - own) * 0.75) - (((b.GetValueOrDefault(name) ?? own) - own) * 0.5);
            Assert.True((value - expected).abs().max().item<float>() < 1e-5, name);
        }

        Dictionary<string, Tensor> Whole(LoraAdapter adapter) => model.Places.Merged(adapter).ToDictionary(m => m.Name, m => m.Value, StringComparer.Ordinal);
    }

    [Fact]
    public void An_adapter_less_itself_is_the_base()
    {
        using var model = Small.Model("gpt2");
        using var adapter = Small.Trained(model, new() { Rank = 2, Bias = TrainedBiases.All }, 3);
        using var nothing = AdapterSum.Of(model, "nothing", (adapter, 1), (adapter, -1));
        var before = Small.Logits(model, Ids);
        using (model.Use(nothing))
            Small.Close(before, Small.Logits(model, Ids), 1e-5);
    }

    // The norm of the rows is a constant in backward, on transposed weights and embeddings too: d/dm and d/dA from the gradient of the merged weight.
    [Fact]
    public void Gradients_of_dora_follow_from_those_of_the_merged_weight()
    {
        using var model = Small.Model("gpt2");
        using var adapter = Small.Trained(model, new() { Rank = 2, Dora = true, Targets = ["c_attn", "wte"] }, 3);
        using var scope = NewDisposeScope();
        using (model.Use(adapter))
            Loss().backward();
        foreach (var (module, f) in adapter.Factors)
        {
            var weight = model.Parameters[module + ".weight"];
            var merged = f.Merge(weight, inputMajor: true).detach().requires_grad_(true);
            using var dense = new LoraAdapter("dense", adapter.Options, [], new(model.Places.Merged(adapter)
                .Select(m => KeyValuePair.Create(m.Name, m.Name == module + ".weight" ? merged : m.Value.detach())), StringComparer.Ordinal));
            using (model.Use(dense))
                Loss().backward();
            using var noGrad = no_grad();
            var v = weight + (matmul(f.A.t(), f.B.t()) * f.Scale);
            var norm = v.norm(0);
            Near(module + ", m", (merged.grad! * v).sum([0]) / norm, f.Magnitude!.grad!);
            Near(module + ", A", matmul(f.B.t(), (merged.grad! * (f.Magnitude! / norm)).t()) * f.Scale, f.A.grad!);
        }

        Tensor Loss() => -model.LogProbs(BranchedBatch.OfTexts([Ids])).mean();

        static void Near(string what, Tensor expected, Tensor actual)
        {
            var (most, difference) = (expected.abs().max().item<float>(), (expected - actual).abs().max().item<float>());
            Assert.True(most > 0 && difference <= 1e-4 * most, $"{what}: values up to {most}, difference {difference}");
        }
    }

    [Theory]
    [InlineData("q_proj", null, "0,1,2", "0.self_attn.q_proj 1.self_attn.q_proj 2.self_attn.q_proj")]
    [InlineData("q_proj", null, "1", "1.self_attn.q_proj")]
    [InlineData("self_attn.q_proj", null, "", "0.self_attn.q_proj 1.self_attn.q_proj 2.self_attn.q_proj")]
    [InlineData("proj", @".*\.2\.mlp\.(up|gate)_proj", "", "2.mlp.gate_proj 2.mlp.up_proj")]
    [InlineData("model.layers.1.mlp.up_proj", null, "", "1.mlp.up_proj")]
    public void Modules_are_selected_as_peft_selects_them(string target, string? pattern, string layers, string expected)
    {
        using var model = Small.Model("llama", layers: 3);
        using var adapter = LoraAdapter.Create(model, "some", new()
        {
            Rank = 1,
            Targets = pattern is null ? [target] : [],
            TargetPattern = pattern,
            Layers = [.. layers.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)],
        }, seed: 1);
        Assert.Equal(expected, string.Join(' ', adapter.Factors.Keys.Select(m => m["model.layers.".Length..])));
    }

    [Fact]
    public void Without_targets_every_projection_is_updated_but_for_the_excluded_and_no_embedding_or_head()
    {
        using var model = Small.Model("llama", layers: 1);
        using var adapter = LoraAdapter.Create(model, "all", new() { Rank = 1, Excluded = ["o_proj", "mlp.down_proj"], RankPattern = new Dictionary<string, int> { ["q_proj"] = 3 }, AlphaPattern = new Dictionary<string, double> { ["0.mlp.*"] = 5 } }, seed: 1);
        Assert.Equal("q_proj k_proj v_proj gate_proj up_proj", string.Join(' ', adapter.Factors.Keys.Select(PeftNames.LastPart)));
        Assert.Equal((3, 16 / 3.0), (adapter.Factors["model.layers.0.self_attn.q_proj"].A.size(0), adapter.Factors["model.layers.0.self_attn.q_proj"].Scale));
        Assert.Equal((1, 5.0), (adapter.Factors["model.layers.0.mlp.up_proj"].A.size(0), adapter.Factors["model.layers.0.mlp.up_proj"].Scale));
    }

    [Fact]
    public void What_does_not_fit_is_named()
    {
        using var model = Small.Model("llama");
        using var wider = Small.Model("llama", width: 32);
        using var deeper = Small.Model("llama", layers: 3);
        using var other = Small.Model("gpt2");
        using var adapter = LoraAdapter.Create(wider, "wide", new() { Rank = 1 }, seed: 1);
        Refused(() => model.Use(adapter), "'wide' at 'model.layers.0.self_attn.q_proj' is 32 → 32", "16 → 16");
        Refused(() => other.Use(adapter), "'model.layers.0.self_attn.q_proj'", "does not have");
        using var deep = LoraAdapter.Create(deeper, "deep", new() { Rank = 1, Layers = [2] }, seed: 1);
        Refused(() => model.Merge(deep), "'model.layers.2.self_attn.q_proj'", "does not have");
        using var whole = LoraAdapter.Create(wider, "whole", new() { Rank = 1, Targets = ["lm_head"], SavedModules = ["model.norm"] }, seed: 1);
        Refused(() => model.UseMerged(whole), "lm_head", "32 → 29", "16 → 29");
        Assert.Null(model.Adapter);
        using var fits = LoraAdapter.Create(model, "fits", new() { Rank = 1 }, seed: 1);
        using (model.Use(fits))
        {
            Refused(() => model.Use(adapter), "wide");
            Assert.Same(fits, model.Adapter);
            Refused(() => model.Merge(fits), "in use");
        }
    }

    [Theory]
    [InlineData("rank", "at least 1")]
    [InlineData("target", "'nothing'", "q_proj")]
    [InlineData("layer", "no block 7", "0 to 1")]
    [InlineData("saved", "'nothing'")]
    [InlineData("pattern", "'(' cannot be used", "not a regular expression")]
    [InlineData("endless", "takes too long")]
    [InlineData("empty", "fit no module")]
    public void Settings_that_cannot_be_used_are_named(string wrong, params string[] holds)
    {
        using var model = Small.Model("llama");
        Refused(() => LoraAdapter.Create(model, "new", wrong switch
        {
            "rank" => new() { Rank = 0 },
            "target" => new() { Targets = ["nothing"] },
            "layer" => new() { Layers = [7] },
            "saved" => new() { SavedModules = ["nothing"] },
            "pattern" => new() { TargetPattern = "(" },
            "endless" => new() { TargetPattern = "(([a-z._0-9])+)+=" },
            _ => new() { TargetPattern = "q_proj" },
        }, seed: 1), holds);
    }

    private static void Refused(Action action, params string[] holds)
    {
        var message = Assert.ThrowsAny<AlidadeException>(action).Message;
        foreach (var text in holds)
            Assert.Contains(text, message, StringComparison.Ordinal);
    }
}
