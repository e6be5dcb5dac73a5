using System.Text.Json.Nodes;
using Alidade.Tests.Core;

namespace Alidade.Tests.Cli;

/// <summary>Model files that cannot be used: one line that names the file and what is wrong, exit code 2.</summary>
public sealed class BadModelTests
{
    private static readonly string Gguf = Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", "gguf");

    public static TheoryData<string> Lying() => [.. Directory.EnumerateFiles(Path.Combine(Gguf, "malformed")).Select(f => Path.GetFileName(f)!)
        .Where(f => !f.StartsWith("good_", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    [Fact]
    public void The_model_that_the_other_tests_spoil_is_good()
    {
        using var folder = new TemporaryFolder();
        var result = CommandLine.Run("model", "info", TinyModel.Write(folder.File("model")));
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.Code);
        Assert.Contains("parameters", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model", "info", "{0}")]
    [InlineData("next", "--prompt", "hello", "--model", "{0}")]
    [InlineData("generate", "--prompt", "hello", "--model", "{0}")]
    [InlineData("chat", "--model", "{0}")]
    [InlineData("align", "--model", "{0}", "--out", "{1}")]
    public void A_missing_model_is_named_and_no_run_is_begun(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var (missing, run) = (folder.File("no-such-model.gguf"), folder.File("run"));
        CommandLine.Run([.. arguments.Select(a => a.Replace("{0}", missing, StringComparison.Ordinal).Replace("{1}", run, StringComparison.Ordinal))])
            .IsOneLine(missing, "neither a model folder nor a file");
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(100)]
    [InlineData(-1)]
    public void A_truncated_gguf_is_named(int length)
    {
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(Directory.EnumerateFiles(Path.Combine(Gguf, "types"), "*.gguf").Order(StringComparer.Ordinal).First());
        var cut = folder.File("cut.gguf");
        File.WriteAllBytes(cut, bytes[..(length < 0 ? bytes.Length + length : length)]);
        CommandLine.Run("model", "info", cut).IsOneLine(cut);
    }

    [Theory]
    [MemberData(nameof(Lying))]
    public void A_file_that_lies_about_its_content_is_named(string file)
    {
        using var folder = new TemporaryFolder();
        var lying = Path.Combine(Gguf, "malformed", file);
        if (file.EndsWith(".gguf", StringComparison.Ordinal))
        {
            CommandLine.Run("model", "info", lying).IsOneLine(file);
            return;
        }

        var model = TinyModel.Write(folder.File("model"));
        File.Copy(lying, Path.Combine(model, "model.safetensors"), overwrite: true);
        CommandLine.Run("model", "info", model).IsOneLine("model.safetensors");
    }

    [Fact]
    public void An_unknown_architecture_is_named_with_those_that_are_known()
    {
        using var folder = new TemporaryFolder();
        var model = TinyModel.Write(folder.File("model"));
        Configure(model, config => config["model_type"] = "mamba");
        CommandLine.Run("model", "info", model).IsOneLine("'mamba'", "llama", "gpt2", "config.json");
    }

    [Fact]
    public void A_missing_tensor_is_named()
    {
        using var folder = new TemporaryFolder();
        var model = TinyModel.Write(folder.File("model"));
        TinyModel.Rewrite(model, tensor => tensor.Name == "model.layers.0.mlp.up_proj.weight" ? null : tensor);
        CommandLine.Run("model", "info", model).IsOneLine("'model.layers.0.mlp.up_proj.weight' is missing");
    }

    [Fact]
    public void A_misshapen_tensor_is_named_with_both_shapes()
    {
        using var folder = new TemporaryFolder();
        var model = TinyModel.Write(folder.File("model"));
        TinyModel.Rewrite(model, tensor => tensor.Name == "model.norm.weight" ? tensor with { Shape = [4, 4] } : tensor);
        CommandLine.Run("model", "info", model).IsOneLine("'model.norm.weight'", "[4, 4]", "[16]");
    }

    [Fact]
    public void A_configuration_that_is_no_json_is_named_with_its_place()
    {
        using var folder = new TemporaryFolder();
        var model = TinyModel.Write(folder.File("model"));
        File.WriteAllText(Path.Combine(model, "config.json"), "{ \"model_type\": ");
        CommandLine.Run("model", "info", model).IsOneLine("config.json");
    }

    [Fact]
    public void A_pickle_is_not_opened()
    {
        using var folder = new TemporaryFolder();
        var model = TinyModel.Write(folder.File("model"));
        File.Move(Path.Combine(model, "model.safetensors"), Path.Combine(model, "pytorch_model.bin"));
        CommandLine.Run("model", "info", model).IsOneLine(model, "safetensors");
    }

    [Theory]
    [InlineData("next")]
    [InlineData("generate")]
    public void A_prompt_longer_than_the_context_is_told_with_both_lengths(string command)
    {
        using var folder = new TemporaryFolder();
        var model = TinyModel.Write(folder.File("model"));
        CommandLine.Run(command, "--model", model, "--prompt", new string('z', 40)).IsOneLine("40", "context of 32");
    }

    private static void Configure(string model, Action<JsonObject> change)
    {
        var path = Path.Combine(model, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(config);
        File.WriteAllText(path, config.ToJsonString());
    }
}
