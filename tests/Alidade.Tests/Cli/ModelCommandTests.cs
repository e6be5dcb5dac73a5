using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Tests.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Cli;

public sealed class ModelCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Info_tells_what_the_files_hold()
    {
        var model = TinyModel.Write(folder.File("model"));
        File.WriteAllText(Path.Combine(model, "README.md"), "---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\n");
        var result = CommandLine.Run("model", "info", model, "--json", "--hash");
        Assert.Equal("", result.Error);
        var info = JsonNode.Parse(result.Output)!;
        using var loaded = CausalLM.Load(model);
        Assert.Equal(loaded.ParameterCount, (long)info["parameters"]!);
        Assert.Equal(loaded.ParameterCount, info["parts"]!.AsObject().Sum(p => (long)p.Value!));
        Assert.Equal(loaded.ParameterCount, (long)info["formats"]!["F32"]!);
        Assert.Equal(4 * loaded.ParameterCount, (long)info["memory_bytes"]!["F32"]!);
        // 2 · 1 layer · 2 heads of 8 · 1,000 tokens · 4 bytes.
        Assert.Equal(128_000, (long)info["cache_bytes_per1000_tokens"]!["F32"]!);
        Assert.Equal("apache-2.0", (string)info["license"]!);
        Assert.Equal("byte-level BPE", (string)info["tokenizer"]!["kind"]!);
        Assert.Equal(loaded.Tokenizer.VocabularySize, (int)info["tokenizer"]!["tokens"]!);
        Assert.Equal("<|im_end|>", (string)info["tokenizer"]!["special_tokens"]!["end"]!);
        Assert.True((bool)info["has_chat_template"]!);
        Assert.Equal(["generation prompt"], info["chat_template_features"]!.AsArray().Select(f => (string)f!));
        Assert.Equal(64, ((string)info["hashes"]![0]!["sha256"]!).Length);
        Assert.Contains("apache-2.0", CommandLine.Run("model", "info", model).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_goes_to_gguf_and_back_and_is_the_same()
    {
        var model = TinyModel.Write(folder.File("model"));
        File.WriteAllText(Path.Combine(model, "README.md"), "---\nlicense: mit\n---\n");
        var (gguf, back) = (folder.File("a.gguf"), folder.File("back"));
        var first = CommandLine.Run("model", "convert", model, gguf, "--json");
        Assert.Equal("", first.Error);
        Assert.Equal(("gguf", "F32"), ((string)JsonNode.Parse(first.Output)!["to"]!, (string)JsonNode.Parse(first.Output)!["d_type"]!));
        Assert.Contains("mit", CommandLine.Run("model", "info", gguf).Output, StringComparison.Ordinal);
        Assert.Equal("", CommandLine.Run("model", "convert", gguf, back, "--shard-size", "0.00001").Error);
        Assert.True(File.Exists(Path.Combine(back, "model.safetensors.index.json")));
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var grid = TokenGrid.Of([1, 2, 3, 4, 5]);
        using var one = CausalLM.Load(model);
        using var two = CausalLM.Load(back);
        Assert.Equal(0, (one.Logits(grid) - two.Logits(grid)).abs().max().item<float>());
        Assert.Equal(one.Tokenizer.Encode("the cat"), two.Tokenizer.Encode("the cat"));
    }

    [Fact]
    public void Converting_refuses_what_it_would_spoil_or_does_not_know()
    {
        var model = TinyModel.Write(folder.File("model"));
        File.WriteAllText(folder.File("there.gguf"), "mine");
        CommandLine.Run("model", "convert", model, folder.File("there.gguf")).IsOneLine("there.gguf", "exists");
        Assert.Equal("mine", File.ReadAllText(folder.File("there.gguf")));
        Directory.CreateSymbolicLink(folder.File("link"), folder.Path);
        foreach (var itself in new[] { model, model + "/", folder.File("./x/../model"), Path.Combine(folder.File("link"), "model") })
            CommandLine.Run("model", "convert", model, itself, "--overwrite").IsOneLine("source itself");
        CommandLine.Run("model", "convert", model, folder.File("there.gguf"), "--to", "safetensors", "--overwrite").IsOneLine("there.gguf", "is a file");
        CommandLine.Run("model", "convert", model, folder.File("link"), "--to", "gguf", "--overwrite").IsOneLine("link", "is a folder");
        CommandLine.Run("model", "convert", model, folder.File("x"), "--dtype", "Q8_0").IsOneLine("'Q8_0'", "safetensors");
        CommandLine.Run("model", "convert", model, folder.File("x"), "--to", "ggml").IsOneLine("'ggml'", "gguf");
        CommandLine.Run("model", "convert", model, folder.File("x"), "--shard-size", "0").IsOneLine("--shard-size");
        Assert.False(Path.Exists(folder.File("x")));
    }

    [Fact]
    public void A_tokenizer_that_is_not_supported_keeps_only_what_needs_it_from_being_done()
    {
        var model = TinyModel.Write(folder.File("model"));
        var path = Path.Combine(model, "tokenizer.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        json["pre_tokenizer"] = new JsonObject { ["type"] = "Telepathy" };
        File.WriteAllText(path, json.ToJsonString());
        Assert.Equal("", CommandLine.Run("model", "info", model).Error);
        using (var loaded = CausalLM.Load(model))
        {
            Assert.False(loaded.HasTokenizer);
            Assert.Contains("Telepathy", Assert.Throws<NotBuiltException>(() => loaded.Tokenizer).Message, StringComparison.Ordinal);
        }

        // A copy without it would have lost it in silence.
        CommandLine.Run("model", "convert", model, folder.File("x")).IsOneLine("Telepathy");
        Assert.False(Path.Exists(folder.File("x")));
    }

    [Fact]
    public void A_compressed_tokenizer_is_read()
    {
        var model = TinyModel.Write(folder.File("model"));
        var path = Path.Combine(model, "tokenizer.json");
        using (var plain = File.OpenRead(path))
        using (var packed = new System.IO.Compression.GZipStream(File.Create(path + ".gz"), System.IO.Compression.CompressionLevel.Fastest))
            plain.CopyTo(packed);
        File.Delete(path);
        using var loaded = CausalLM.Load(model);
        Assert.NotEmpty(loaded.Tokenizer.Encode("the cat"));
    }

    [Fact]
    public void End_tokens_of_both_files_end_an_answer_and_one_outside_of_the_vocabulary_is_shown_as_a_number()
    {
        var model = TinyModel.Write(folder.File("model"));
        int[] before;
        using (var loaded = CausalLM.Load(model))
            before = [.. loaded.EndTokens];
        File.WriteAllText(Path.Combine(model, "generation_config.json"), """{"eos_token_id": [5, 9999]}""");
        using (var loaded = CausalLM.Load(model))
        {
            Assert.Equal(before.Append(5).Append(9999).Order(), loaded.EndTokens.Order());
            Assert.Contains("9999", ModelSummary.Of(loaded).EndTokens);
            loaded.Save(folder.File("saved"));
        }

        using var saved = CausalLM.Load(folder.File("saved"));
        Assert.Contains(5, saved.EndTokens);
        Assert.Contains("9999", CommandLine.Run("model", "info", model).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_beyond_F16_is_named_and_what_lay_there_stands()
    {
        var path = TinyModel.Write(folder.File("model"));
        using var model = CausalLM.Load(TinyModel.Write(folder.File("other")));
        using (no_grad())
            model.Parameters["model.layers.0.mlp.up_proj.weight"][3, 2] = -65520f;
        Assert.Contains("'model.layers.0.mlp.up_proj.weight'", Assert.Throws<AlidadeException>(() => model.Save(path, "F16")).Message, StringComparison.Ordinal);
        CausalLM.Load(path).Dispose();
        using (no_grad())
            model.Parameters["model.layers.0.mlp.up_proj.weight"][3, 2] = -65519f;
        model.Save(path, "F16");
        using var back = CausalLM.Load(path);
        Assert.Equal(-65504f, back.Parameters["model.layers.0.mlp.up_proj.weight"][3, 2].item<float>());
    }

    [Fact]
    public void Pulling_something_that_is_no_name_is_one_line() =>
        CommandLine.Run("model", "pull", "just-a-name").IsOneLine("'just-a-name'", "ORG/NAME");
}
