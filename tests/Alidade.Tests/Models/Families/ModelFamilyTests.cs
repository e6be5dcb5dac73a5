using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Models.Families;
using Alidade.Models.Generation;
using Alidade.Models.Processing;
using Alidade.Tests.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Families;

/// <summary>What holds for every family, by small models of the families' own that are made here from a config.json.</summary>
public sealed class ModelFamilyTests
{
    private static readonly int[] Ids = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3];

    /// <summary>One config.json for each shape that a family has, beside what <see cref="Sizes"/> gives to all.</summary>
    private static readonly Dictionary<string, string> Shapes = new(StringComparer.Ordinal)
    {
        ["llama"] = """{"attention_bias": true, "mlp_bias": true}""",
        ["mistral"] = """{"sliding_window": 5}""",
        ["qwen2"] = """{"use_sliding_window": true, "sliding_window": 5, "max_window_layers": 1, "tie_word_embeddings": true}""",
        ["qwen3"] = """{"head_dim": 6}""",
        ["gemma"] = """{"head_dim": 6}""",
        ["gemma2"] = """{"sliding_window": 5, "query_pre_attn_scalar": 20, "attn_logit_softcapping": 3, "final_logit_softcapping": 4}""",
        ["gemma3_text"] = """{"sliding_window": 5, "query_pre_attn_scalar": 20, "sliding_window_pattern": 2, "rope_local_base_freq": 50, "rope_scaling": {"rope_type": "linear", "factor": 8}}""",
        ["phi"] = """{"num_key_value_heads": 4}""",
        ["phi3"] = """{"sliding_window": 6}""",
        ["olmo"] = """{"clip_qkv": 0.3}""",
        ["olmo2"] = "{}",
        ["cohere"] = """{"use_qk_norm": true, "logit_scale": 0.5}""",
        ["granite"] = """{"embedding_multiplier": 3, "residual_multiplier": 0.7, "attention_multiplier": 0.5, "logits_scaling": 1.5}""",
        ["stablelm"] = """{"use_parallel_residual": true, "qk_layernorm": true, "partial_rotary_factor": 0.5}""",
        ["smollm3"] = """{"no_rope_layers": [1, 0]}""",
        ["gpt_neox"] = """{"rotary_pct": 0.5, "num_key_value_heads": null}""",
        ["gpt2"] = "{}",
        ["gpt_neo"] = """{"window_size": 5, "attention_layers": ["global", "local"]}""",
        ["gptj"] = """{"rotary_dim": 2}""",
        ["bloom"] = "{}",
        ["falcon"] = """{"num_kv_heads": 4}""",
        ["opt"] = "{}",
    };

    public static TheoryData<string> Names() => [.. ModelFamily.All.Select(f => f.ModelType)];

    [Fact]
    public void Every_class_that_is_a_family_is_found_and_has_names_of_its_own()
    {
        var classes = typeof(ModelFamily).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(ModelFamily)) && !t.IsAbstract);
        Assert.Equal(classes.Order(ByName), ModelFamily.All.Select(f => f.GetType()).Order(ByName));
        Assert.Distinct(ModelFamily.All.Select(f => f.ModelType));
        Assert.Distinct(ModelFamily.All.Select(f => f.ClassName));
        Assert.Distinct(ModelFamily.All.Select(f => f.GgufArchitecture).OfType<string>());
        // A family without a shape here would escape the tests below.
        Assert.Equal(Names().Select(n => n.Data).Order(StringComparer.Ordinal), Shapes.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_saved_is_loaded_as_it_was(string family)
    {
        using var folder = new TemporaryFolder();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var model = Model(family);
        model.Save(folder.Path);
        using var again = CausalLM.Load(folder.Path);
        Assert.Equal(JsonSerializer.Serialize(model.Config), JsonSerializer.Serialize(again.Config));
        using var grid = TokenGrid.Of(Ids);
        Assert.Equal(0, Largest(model.Logits(grid) - again.Logits(grid)));
    }

    [Theory]
    [InlineData("phi", "partial_rotary_factor", "1")]
    [InlineData("stablelm", "partial_rotary_factor", "1")]
    [InlineData("llama", "partial_rotary_factor", "0.5")]
    [InlineData("mistral", "layer_types", """["full_attention", "sliding_attention"]""")]
    [InlineData("phi3", "layer_types", """["full_attention", "sliding_attention"]""")]
    public void A_fact_that_is_not_the_family_s_usual_one_is_saved_too(string family, string key, string value)
    {
        var json = Config(family);
        json[key] = JsonNode.Parse(value);
        var type = ModelFamily.OfModelType(family, "test");
        var config = type.Read(new(json, "config.json"));
        Assert.Equal(JsonSerializer.Serialize(config), JsonSerializer.Serialize(type.Read(new(JsonNode.Parse(type.Write(config).ToJsonString())!.AsObject(), "config.json"))));
    }

    [Fact]
    public void A_share_of_rotary_dimensions_that_a_division_rounds_down_is_read_back_whole()
    {
        var config = Model("llama").Config;
        for (var size = 2; size <= 256; size++)
            for (var turned = 2; turned <= size; turned += 2)
            {
                var json = new JsonObject();
                RotaryReader.Write(json, config with { HeadDim = size, Rotary = new() { Dimensions = turned } }, 0.5);
                Assert.Equal(turned, RotaryReader.Read(new(json, "config.json"), size, 32, 0.5).Dimensions);
            }
    }

    [Fact]
    public void A_model_without_rotary_positions_is_refused_by_a_file_that_has_no_way_to_say_so()
    {
        using var folder = new TemporaryFolder();
        using var model = CausalLM.Create(Model("llama").Config with { Rotary = null }, tokenizer: null, chatTemplate: null, seed: 1);
        Assert.Contains("has no rotary positions", Assert.Throws<AlidadeException>(() => model.Save(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_explicit_path_equals_the_fused_one_and_meets_every_hook_point_in_the_order_listed(string family)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var model = Model(family);
        using var grid = TokenGrid.Padded([Ids, Ids[..9]], padLeft: true);
        var met = new List<string>();
        var plain = model.Logits(grid);
        Tensor hooked;
        using (model.Hooks.Add("*", (_, name) =>
        {
            met.Add(name);
            return null;
        }))
            hooked = model.Logits(grid);
        Assert.Equal(model.Hooks.Names, met);
        Assert.InRange(Largest((plain - hooked)[0]) / Largest(plain), 0, 1e-5);
        Assert.InRange(Largest((plain - hooked)[1, 7..]) / Largest(plain), 0, 1e-5);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Branches_and_cached_generation_equal_recomputation(string family)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var model = Model(family);
        using var grid = TokenGrid.Of(Ids);
        var logProbs = model.Logits(grid)[0].log_softmax(-1);
        var expected = logProbs[..^1].gather(1, tensor(Ids[1..].Select(i => (long)i).ToArray()).unsqueeze(1)).squeeze(1);
        var cut = 6;
        BranchedBatch batch = new([new(Ids[..cut], [.. Enumerable.Range(0, cut).Select(i => i > 0)], -1), new(Ids[cut..], [.. Ids[cut..].Select(_ => true)], 0), new([1, 2], [false, false], 0)]);
        Assert.InRange(Largest(expected - model.LogProbs(batch)), 0, 1e-4);
        // Greedy, with a shorter prompt beside it, so that rows are padded.
        var generated = TextGenerator.Generate(model, [Ids[..8], Ids[..3]], new() { MaxNewTokens = 6, IgnoreEndTokens = true }, cancellation: TestContext.Current.CancellationToken);
        foreach (var (prompt, ids) in new[] { (Ids[..8], generated[0].Ids), (Ids[..3], generated[1].Ids) })
        {
            using var all = TokenGrid.Of([.. prompt, .. ids]);
            var best = model.Logits(all)[0, (prompt.Length - 1)..^1].argmax(-1);
            Assert.Equal(ids.Select(i => (long)i), best.data<long>().ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Processed_weights_give_the_same_log_probabilities(string family)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var model = Model(family);
        using var processed = WeightProcessing.Apply(model);
        using var grid = TokenGrid.Of(Ids);
        Assert.InRange(Largest(model.Logits(grid).log_softmax(-1) - processed.Logits(grid).log_softmax(-1)), 0, 1e-4);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_adapter_in_use_merged_and_through_folders_is_the_same_model(string family)
    {
        using var folder = new TemporaryFolder();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var model = Model(family);
        using var grid = TokenGrid.Of(Ids);
        var off = model.Logits(grid);
        string[] targets = [.. model.AdaptableModules.Keys.Select(m => m[(m.LastIndexOf('.') + 1)..]).Distinct()];
        using var adapter = LoraAdapter.Create(model, "all", new() { Rank = 2, Dora = true, Targets = targets, Bias = TrainedBiases.All, ScoringLabels = 2 }, seed: 1);
        using (model.Use(adapter))
            Assert.InRange(Largest(off - model.Logits(grid)) / Largest(off), 0, 1e-5);
        Adapters.Small.Shake(adapter, seed: 2);
        PeftFolder.Save(adapter, model, folder.File("adapter"));
        using var loaded = PeftFolder.Load(model, folder.File("adapter"));
        Tensor on, scores;
        using (model.Use(loaded))
            (on, scores) = (model.Logits(grid), model.Scores(grid));
        Assert.True(Largest(off - on) / Largest(off) > 0.01);
        using (model.UseMerged(adapter))
            Assert.InRange(Largest(on - model.Logits(grid)) / Largest(on), 0, 1e-4);
        Assert.Equal(0, Largest(off - model.Logits(grid)));
        model.Merge(adapter);
        Assert.InRange(Largest(on - model.Logits(grid)) / Largest(on), 0, 1e-4);
        model.Save(folder.File("merged"));
        using var scorer = CausalLM.Load(folder.File("merged"));
        Assert.InRange(Largest(scores - scorer.Scores(grid)) / Largest(scores), 0, 1e-4);
    }

    [Theory]
    [InlineData("mistral", "sliding_window", "0", "'sliding_window' is 0")]
    [InlineData("qwen3", "layer_types", """["full_attention"]""", "'layer_types' names 1 layers, the model has 2")]
    [InlineData("qwen3", "layer_types", """["full_attention", "chunked_attention"]""", "'chunked_attention'")]
    [InlineData("smollm3", "no_rope_layers", "[1]", "'no_rope_layers' names 1 layers")]
    [InlineData("gpt_neo", "attention_layers", """["global", "sparse"]""", "'attention_layers'")]
    [InlineData("gemma2", "attn_logit_softcapping", "-1", "soft cap")]
    [InlineData("gemma2", "final_logit_softcapping", "0", "soft cap")]
    [InlineData("granite", "logits_scaling", "0", "factor on the logits")]
    [InlineData("granite", "embedding_multiplier", "\"big\"", "'embedding_multiplier'")]
    [InlineData("olmo", "clip_qkv", "-2", "bound on queries")]
    [InlineData("llama", "num_attention_heads", "3", "3 heads cannot share 2 key heads")]
    [InlineData("gptj", "rotary_dim", "12", "12 rotary dimensions")]
    [InlineData("opt", "do_layer_norm_before", "false", "350M")]
    [InlineData("falcon", "alibi", "true", "'alibi' is true")]
    [InlineData("llama", "rope_scaling", "\"linear\"", "'rope_scaling' is \"linear\", it must be an object")]
    [InlineData("llama", "hidden_act", "7", "'hidden_act' is 7, it must be a text")]
    [InlineData("bloom", "apply_residual_connection_post_layernorm", "true", "'apply_residual_connection_post_layernorm'")]
    public void A_value_that_no_model_can_have_is_named_with_its_file(string family, string key, string value, string said)
    {
        using var folder = new TemporaryFolder();
        var config = Config(family);
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(folder.File("config.json"), config.ToJsonString());
        var message = Assert.ThrowsAny<AlidadeException>(() => CausalLM.Load(folder.Path)).Message;
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.Contains("config.json", message, StringComparison.Ordinal);
    }

    private static Comparer<Type> ByName => Comparer<Type>.Create((a, b) => string.CompareOrdinal(a.Name, b.Name));

    // The sizes under every key that a family may ask for; a family reads its own.
    private static JsonObject Config(string family)
    {
        var config = JsonNode.Parse("""
            {
              "vocab_size": 20, "hidden_size": 16, "n_embd": 16, "num_hidden_layers": 2, "n_layer": 2, "num_layers": 2, "num_attention_heads": 4, "n_head": 4, "num_heads": 4,
              "num_key_value_heads": 2, "intermediate_size": 24, "n_inner": 24, "ffn_dim": 24, "ffn_hidden_size": 24, "max_position_embeddings": 32, "n_positions": 32, "seq_length": 32,
              "bos_token_id": 1, "eos_token_id": 2, "tie_word_embeddings": false
            }
            """)!.AsObject();
        config["model_type"] = family;
        foreach (var (key, value) in JsonNode.Parse(Shapes[family])!.AsObject())
            config[key] = value?.DeepClone();
        return config;
    }

    private static CausalLM Model(string family)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5, CPU);
        var config = ModelFamily.OfModelType(family, "test").Read(new(Config(family), "config.json"));
        var model = CausalLM.Create(config, null, null, seed: 4);
        // Gains and shifts far from 1 and 0, weights that matter.
        foreach (var parameter in model.Parameters.Values)
            parameter.add_(randn(parameter.shape, generator: generator) * 0.3);
        return model;
    }

    private static double Largest(Tensor values) => values.abs().max().item<float>();
}
