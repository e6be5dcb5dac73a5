using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Tests.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Adapters;

/// <summary>PEFT folders: several adapters in one, and what is refused, by name.</summary>
public sealed class PeftFolderTests : IDisposable
{
    private const string Config = "adapter_config.json";
    private const string Weights = "adapter_model.safetensors";
    private readonly TemporaryFolder folder = new();
    private readonly CausalLM model = Small.Model("llama");

    public void Dispose()
    {
        model.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Several_adapters_lie_as_peft_lays_them()
    {
        using var first = Small.Trained(model, new() { Rank = 1 }, 3);
        using var second = Small.Trained(model, new() { Rank = 2, Targets = ["q_proj"] }, 5);
        PeftFolder.SaveAll(new Dictionary<string, LoraAdapter> { ["default"] = first, ["critic"] = second }, model, folder.Path);
        Assert.True(File.Exists(folder.File(Weights)) && File.Exists(Path.Combine(folder.Path, "critic", Weights)));
        var all = PeftFolder.LoadAll(model, folder.Path);
        Assert.Equal(["default", "critic"], all.Keys);
        Assert.Equal(first.Factors.Keys, all["default"].Factors.Keys);
        Assert.Equal(second.Factors.Keys, all["critic"].Factors.Keys);
        foreach (var adapter in all.Values)
            adapter.Dispose();
        Refused<AlidadeException>(() => PeftFolder.SaveAll(new Dictionary<string, LoraAdapter> { ["../out"] = first }, model, folder.Path), "'../out'");
    }

    [Theory]
    [InlineData("peft_type", "\"IA3\"", "IA3")]
    [InlineData("peft_type", "\"PROMPT_TUNING\"", "PROMPT_TUNING")]
    [InlineData("peft_type", "\"VERA\"", "VERA")]
    [InlineData("peft_type", "null", "LORA is")]
    [InlineData("task_type", "\"SEQ_2_SEQ_LM\"", "SEQ_2_SEQ_LM")]
    [InlineData("lora_bias", "true", "'lora_bias'")]
    [InlineData("layer_replication", "[[0, 1]]", "'layer_replication'")]
    [InlineData("target_parameters", "[\"x\"]", "'target_parameters'")]
    [InlineData("trainable_token_indices", "[1]", "'trainable_token_indices'")]
    [InlineData("some_new_method", "{\"a\": 1}", "'some_new_method'")]
    [InlineData("init_lora_weights", "\"pissa\"", "'pissa'")]
    public void Types_and_options_that_are_not_supported_are_named(string key, string value, string holds)
    {
        Write(new() { Rank = 1 });
        Change(key, value);
        Refused<NotBuiltException>(() => PeftFolder.Load(model, folder.Path), Config, holds);
    }

    [Theory]
    [InlineData("some_new_method", "false")]
    [InlineData("layer_replication", "null")]
    [InlineData("target_parameters", "[]")]
    [InlineData("init_lora_weights", "\"gaussian\"")]
    [InlineData("init_lora_weights", "true")]
    [InlineData("target_modules", "\"all-linear\"")]
    public void Options_that_are_off_or_of_no_effect_are_passed_over(string key, string value)
    {
        Write(new() { Rank = 1 });
        Change(key, value);
        PeftFolder.Load(model, folder.Path).Dispose();
    }

    [Theory]
    [InlineData("r", "2", "has rank 1", "says 2")]
    [InlineData("r", "\"x\"", "'r'")]
    [InlineData("bias", "\"some\"", "'some'", "lora_only")]
    [InlineData("use_dora", "true", "magnitude", "missing")]
    [InlineData("target_modules", "[\"q_proj\"]", "'model.layers.0.self_attn.k_proj' has factors", "does not select")]
    [InlineData("target_modules", "[1]", "'target_modules'")]
    [InlineData("modules_to_save", "[\"norm\"]", "is missing")]
    [InlineData("rank_pattern", "{\"(\": 1}", "'(' cannot be used")]
    public void A_configuration_that_its_file_belies_is_named(string key, string value, params string[] holds)
    {
        Write(new() { Rank = 1 });
        Change(key, value);
        Refused<AlidadeException>(() => PeftFolder.Load(model, folder.Path), holds);
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.q_proj.lora_B.weight", null, "lora_B.weight")]
    [InlineData("model.layers.1.mlp.up_proj.lora_A.weight", "model.layers.9.mlp.up_proj.lora_A.weight", "model.layers.9.mlp.up_proj")]
    [InlineData("model.layers.1.mlp.up_proj.lora_A.weight", "model.layers.1.mlp.up_proj.lora_C.weight", "lora_C")]
    [InlineData("model.layers.1.mlp.up_proj.lora_A.weight", "model.layers.1.mlp.up_proj.lora_embedding_A", "embedding")]
    [InlineData("+", "model.layers.1.mlp.up_proj.lora_B.bias", "lora_B.bias")]
    [InlineData("+", "model.layers.1.strange.weight", "model.layers.1.strange.weight")]
    [InlineData("+", "model.norm.weight", "model.norm.weight", "[3]", "[16]")]
    [InlineData("+", "model.layers.0.self_attn.q_proj.lora_magnitude_vector", "magnitude")]
    [InlineData("+", "model.layers.7.self_attn.q_proj.lora_magnitude_vector", "model.layers.7.self_attn.q_proj")]
    public void A_file_that_does_not_fit_is_named(string tensor, string? becomes, params string[] holds)
    {
        Write(new() { Rank = 1 });
        var tensors = TensorFiles.Read(folder.File(Weights));
        using (NewDisposeScope())
        {
            var changed = tensors.Select(t => (Name: t.Key == "base_model.model." + tensor ? (becomes is null ? "" : "base_model.model." + becomes) : t.Key, t.Value)).Where(t => t.Name.Length > 0);
            if (tensor == "+")
                changed = changed.Append(("base_model.model." + becomes, zeros(3)));
            TensorFiles.Write(folder.File(Weights), changed);
        }

        foreach (var value in tensors.Values)
            value.Dispose();
        Refused<AlidadeException>(() => PeftFolder.Load(model, folder.Path), holds);
    }

    [Fact]
    public void A_sum_of_dora_adapters_alone_is_refused_for_its_file_could_not_be_read()
    {
        using var dora = Small.Trained(model, new() { Rank = 1, Dora = true }, 3);
        using var sum = AdapterSum.Of(model, "sum", (dora, 0.5));
        Refused<NotBuiltException>(() => PeftFolder.Save(sum, model, folder.Path), "'sum'", "merge it");
        Assert.False(File.Exists(folder.File(Weights)));
    }

    [Fact]
    public void An_adapter_of_a_scoring_model_that_leaves_its_head_alone_is_read_back()
    {
        model.AddScoringHead(2, seed: 1);
        Write(new() { Rank = 1 });
        using var adapter = PeftFolder.Load(model, folder.Path);
        Assert.Empty(adapter.Replacements);
    }

    [Fact]
    public void A_missing_file_a_pickle_and_names_of_another_layout_are_named()
    {
        Refused<AlidadeException>(() => PeftFolder.Load(model, folder.Path), folder.Path, Config);
        Refused<AlidadeException>(() => PeftFolder.LoadAll(model, folder.Path), folder.Path, Config);
        File.WriteAllText(folder.File("adapter_model.bin"), "");
        Refused<AlidadeException>(() => PeftFolder.Load(model, folder.Path), "pickle");
        Write(new() { Rank = 1 });
        using (var value = zeros(1))
            TensorFiles.Write(folder.File(Weights), [("layers.0.lora_A.weight", value)]);
        Refused<NotBuiltException>(() => PeftFolder.Load(model, folder.Path), "'layers.0.lora_A.weight'", "base_model.model.");
    }

    [Fact]
    public void A_copy_of_an_embedding_that_differs_from_the_base_takes_its_place()
    {
        Write(new() { Rank = 1, Targets = ["embed_tokens"] });
        var tensors = TensorFiles.Read(folder.File(Weights));
        using (NewDisposeScope())
        {
            var copy = model.Parameters["model.embed_tokens.weight"] + 1;
            TensorFiles.Write(folder.File(Weights), tensors.Select(t => (t.Key, t.Value)).Append(("base_model.model.model.embed_tokens.base_layer.weight", copy)));
            using var adapter = PeftFolder.Load(model, folder.Path);
            Assert.True(adapter.Replacements["model.embed_tokens.weight"].eq(copy).all().item<bool>());
            Assert.Contains(adapter.Parameters, p => p.Name == "base_model.model.model.embed_tokens.base_layer.weight");
        }

        foreach (var value in tensors.Values)
            value.Dispose();
    }

    private void Write(LoraOptions options)
    {
        using var adapter = Small.Trained(model, options, 3);
        PeftFolder.Save(adapter, model, folder.Path);
    }

    private void Change(string key, string value)
    {
        var config = JsonNode.Parse(File.ReadAllText(folder.File(Config)))!;
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(folder.File(Config), config.ToJsonString());
    }

    private static void Refused<T>(Action action, params string[] holds)
        where T : AlidadeException
    {
        var message = Assert.ThrowsAny<T>(action).Message;
        Assert.DoesNotContain('\n', message);
        foreach (var text in holds)
            Assert.Contains(text, message, StringComparison.Ordinal);
    }
}
