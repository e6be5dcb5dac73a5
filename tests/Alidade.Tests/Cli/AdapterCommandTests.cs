using System.Text.Json.Nodes;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Adapters;

namespace Alidade.Tests.Cli;

/// <summary>Adapters on the command line: used, summed, merged into a folder.</summary>
public sealed class AdapterCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string model;

    public AdapterCommandTests()
    {
        model = TinyModel.Write(folder.File("model"));
        using var loaded = CausalLM.Load(model);
        using var first = Small.Trained(loaded, new() { Rank = 2 }, 3);
        using var second = Small.Trained(loaded, new() { Rank = 2, Dora = true }, 5);
        PeftFolder.Save(first, loaded, folder.File("first"));
        PeftFolder.Save(second, loaded, folder.File("second"));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_merged_folder_is_the_model_with_its_adapters()
    {
        Assert.Equal(0, CommandLine.Run("model", "merge", model, folder.File("first"), folder.File("merged"), "--adapter", folder.File("second") + "=-0.5").Code);
        var merged = Next("--model", folder.File("merged"));
        Assert.NotEqual(Next("--model", model), merged);
        Assert.Equal(merged, Next("--model", model, "--adapter", folder.File("first"), "--adapter", folder.File("second") + "=-0.5"));
        Assert.Equal(merged, Next("--model", model, "--adapter", folder.File("first") + "=1.0", "--adapter", folder.File("second") + "=-0.5"));
        Assert.NotEqual(merged, Next("--model", model, "--adapter", folder.File("first")));
    }

    [Fact]
    public void What_cannot_be_merged_is_one_line_and_nothing_is_written()
    {
        CommandLine.Run("model", "merge", model, folder.File("absent"), folder.File("out")).IsOneLine(folder.File("absent"), "is not an adapter");
        CommandLine.Run("model", "merge", model, folder.File("first") + "=much", folder.File("out")).IsOneLine("=much", "FOLDER=WEIGHT");
        CommandLine.Run("model", "merge", model, folder.File("first"), model).IsOneLine(model, "holds a model already");
        Assert.False(Directory.Exists(folder.File("out")));
    }

    private static string Next(params string[] arguments)
    {
        var result = CommandLine.Run(["next", "--prompt", "the cat", "--json", .. arguments]);
        Assert.True(result.Code == 0 && result.Error.Length == 0, result.Error + result.Output);
        return string.Join('\n', JsonNode.Parse(result.Output)!["tokens"]!.AsArray().Select(t => $"{t!["id"]} {t["log_prob"]!.GetValue<double>():f4}"));
    }
}
