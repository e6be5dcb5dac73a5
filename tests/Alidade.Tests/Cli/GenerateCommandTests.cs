using System.Text.Json.Nodes;
using Alidade.Tests.Core;

namespace Alidade.Tests.Cli;

public sealed class GenerateCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string model;

    public GenerateCommandTests() => model = TinyModel.Write(Directory.CreateDirectory(Path.Combine(folder.Path, "model")).FullName);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_choice_is_one_of_the_texts() =>
        Assert.Contains(Run("--choice", "the cat", "--choice", "the dog").Output.Trim(), (string[])["the cat", "the dog"]);

    [Fact]
    public void JSON_of_a_schema_is_whole_although_the_model_knows_nothing()
    {
        folder.Write("schema.json", """{"type": "object", "properties": {"ok": {"type": "boolean"}, "n": {"type": "integer"}}, "required": ["ok"]}""");
        var result = Run("--json-schema", Path.Combine(folder.Path, "schema.json"), "--max-new-tokens", "24", "--temperature", "1");
        Assert.IsType<bool>(JsonNode.Parse(result.Output)!["ok"]!.GetValue<bool>());
    }

    [Fact]
    public void Samples_and_beams_are_lists_and_a_seed_gives_the_same_again()
    {
        string[] sampled = ["--samples", "3", "--temperature", "1", "--seed", "4", "--json", "--max-new-tokens", "5"];
        var first = Run(sampled).Output;
        Assert.Equal(3, JsonNode.Parse(first)!.AsArray().Count);
        Assert.Equal(first, Run(sampled).Output);
        var beams = JsonNode.Parse(Run("--beams", "3", "--json", "--max-new-tokens", "5").Output)!.AsArray();
        Assert.Equal(3, beams.Count);
        Assert.True((double)beams[0]!["score"]! >= (double)beams[1]!["score"]!);
    }

    [Theory]
    [InlineData("exclude each other", "--samples", "2", "--beams", "2")]
    [InlineData("temperature", "--beams", "2", "--temperature", "1")]
    [InlineData("stop texts", "--beams", "2", "--stop", "x")]
    [InlineData("--length-penalty", "--length-penalty", "2")]
    [InlineData("--early-stopping", "--early-stopping", "WhenFull", "--temperature", "1")]
    [InlineData("--samples is 2", "--samples", "2")]
    [InlineData("--top-k, --typical-p", "--top-k", "5", "--typical-p", "0.5")]
    public void What_does_not_go_together_is_one_line(string holds, params string[] options) => Run(options).IsOneLine(holds);

    [Theory]
    [InlineData("""{"type": "string", "pattern": "a+"}""", "'pattern'")]
    [InlineData("""{"type": "strange"}""", "strange")]
    [InlineData("""{"type": """, "not JSON")]
    public void A_schema_that_cannot_be_held_to_is_one_line_with_file_and_keyword(string schema, string holds)
    {
        folder.Write("schema.json", schema);
        Run("--json-schema", Path.Combine(folder.Path, "schema.json")).IsOneLine("schema.json", holds);
    }

    private CommandResult Run(params string[] options) => CommandLine.Run(["generate", "--model", model, "--prompt", "the", .. options]);
}
