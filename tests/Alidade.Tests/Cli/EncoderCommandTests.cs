using System.Text.Json.Nodes;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Encoders;

namespace Alidade.Tests.Cli;

/// <summary>The commands <c>embed</c> and <c>classify</c>: one record as text or as JSON, and bad input as one line.</summary>
public sealed class EncoderCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Embed_shows_cosines_and_gives_vectors_as_json()
    {
        var model = Sentences();
        var table = CommandLine.Run("embed", "--model", model, "the cat", "the dog");
        Assert.Equal("", table.Error);
        Assert.Equal(0, table.Code);
        Assert.Contains("1.0000", table.Output, StringComparison.Ordinal);
        Assert.Contains("the dog", table.Output, StringComparison.Ordinal);
        Assert.Contains("8 dimensions, 8 tokens read, 0 of 2 texts cut", table.Output, StringComparison.Ordinal);
        var json = JsonNode.Parse(CommandLine.Run("embed", "--model", model, "the cat", "the dog ran on the mat", "--max-length", "5", "--json").Output)!;
        Assert.Equal(2, json["vectors"]!.AsArray().Count);
        Assert.Equal(8, json["vectors"]![0]!.AsArray().Count);
        Assert.Equal(1, json["truncated"]!.GetValue<int>());
    }

    [Fact]
    public void Classify_shows_labels_with_probabilities_and_gives_them_as_json()
    {
        var model = Classifier();
        var text = CommandLine.Run("classify", "--model", model, "the cat");
        Assert.Equal("", text.Error);
        Assert.Contains("rude", text.Output, StringComparison.Ordinal);
        Assert.Contains("%", text.Output, StringComparison.Ordinal);
        var json = JsonNode.Parse(CommandLine.Run("classify", "--model", model, "the cat", "the dog", "--pair", "ran", "--json").Output)!;
        Assert.Equal("fine", json["labels"]![0]!.GetValue<string>());
        Assert.Equal("single_label", json["problem"]!.GetValue<string>());
        Assert.Equal(2, json["items"]!.AsArray().Count);
        Assert.Equal(1, json["items"]![1]!["probabilities"]!.AsArray().Sum(p => p!.GetValue<double>()), 1e-9);
    }

    [Fact]
    public void What_cannot_be_is_one_line()
    {
        CommandLine.Run("embed", "the cat").IsOneLine("--model");
        CommandLine.Run("embed", "--model", Sentences()).IsOneLine("embed --help");
        CommandLine.Run("embed", "--model", folder.File("nowhere"), "a").IsOneLine("nowhere");
        CommandLine.Run("embed", "--model", Classifier(), "a").IsOneLine("modules.json");
        CommandLine.Run("embed", "--model", Sentences(), "a", "--prompt", "query").IsOneLine("no prompt 'query'");
        CommandLine.Run("embed", "--model", Sentences(), "a", "--max-length", "99").IsOneLine("99", "1 to 18");
        CommandLine.Run("classify", "--model", Sentences(), "a").IsOneLine("classification head");
        CommandLine.Run("classify", "--model", TinyModel.Write(folder.File("llama")), "a").IsOneLine("'llama' is a decoder");
        CommandLine.Run("generate", "--model", Classifier(), "--prompt", "a").IsOneLine("'bert' is an encoder", "alidade classify");
    }

    private string Classifier() => TinyWords.Write(TinyEncoder.Write(folder.File("classifier"), "bert", "ForSequenceClassification", c => c["id2label"] = new JsonObject { ["0"] = "fine", ["1"] = "rude" }));

    private string Sentences() => TinyWords.WriteSentences(folder.File("sentences"));
}
