using System.Text.RegularExpressions;
using Alidade.Cli.Align;
using Alidade.Cli.Commands;
using Alidade.Core.Data;
using Alidade.Core.Gates;
using Alidade.Core.Recipes;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Tasks;
using Alidade.Tests.Core;
using Alidade.Tests.Golden;
using Alidade.Training.Jobs;

namespace Alidade.Tests;

/// <summary>What the documents say can be done: command lines parse, recipes and rows read, links lead somewhere.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Root = GoldenFolder.Repository ?? "";

    public static bool InRepository => GoldenFolder.Repository is not null;

    public static TheoryData<string, string> CommandLines() =>
        [.. Blocks("sh").SelectMany(b => CommandLinesOf(b.Text).Select(line => new TheoryDataRow<string, string>(b.Document, line)))];

    public static TheoryData<string, string> Snippets() => [.. Blocks("yaml").Select(b => new TheoryDataRow<string, string>(b.Document, b.Text))];

    public static TheoryData<string, string> Rows() => [.. Blocks("jsonl").Select(b => new TheoryDataRow<string, string>(b.Document, b.Text))];

    public static TheoryData<string> RecipeFiles() =>
        [.. InRepository ? Directory.GetFiles(Path.Combine(Root, "examples"), "*.yaml").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal).ToArray() : []];

    public static TheoryData<string, string> Links() =>
        [.. Documents().SelectMany(d => Link().Matches(File.ReadAllText(Path.Combine(Root, d))).Select(m => m.Groups[1].Value)
            .Where(l => !l.Contains("://", StringComparison.Ordinal)).Select(l => new TheoryDataRow<string, string>(d, l)))];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(CommandLines))]
    public void Every_command_line_of_the_documents_parses(string document, string line)
    {
        Assert.NotNull(document);
        Assert.Empty(AlidadeCommand.Make().Parse(line).Errors.Select(e => e.Message));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Snippets))]
    public void Every_recipe_and_task_file_of_the_documents_reads(string document, string yaml)
    {
        if (yaml.Contains("stages:", StringComparison.Ordinal))
        {
            Assert.NotEmpty(AlignStage.Read(Recipe.Parse<AlignRecipe>(yaml, document), document));
            return;
        }

        if (yaml.Contains("rules:", StringComparison.Ordinal))
        {
            using var gates = new TemporaryFolder();
            Assert.NotEmpty(GateFile.Read(gates.Write("gate.yaml", yaml)).TasksOfRules([.. TaskCatalogue.All.Select(t => t.Name)]));
            return;
        }

        if (yaml.Contains("objective:", StringComparison.Ordinal))
        {
            Assert.NotNull(Recipe.Parse<TrainRecipe>(yaml, document).Chosen(document).Objective);
            return;
        }

        using var folder = new TemporaryFolder();
        Assert.NotEmpty(TaskFiles.Read(folder.Write("task.yaml", yaml)).File.Data);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Rows))]
    public void Every_row_of_the_documents_reads(string document, string rows)
    {
        using var folder = new TemporaryFolder();
        var lines = rows.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < lines.Length; i++)
        {
            // Each line shows a layout of its own, and a file has one.
            var file = folder.Write($"{document.Replace('/', '-')}-{i}.jsonl", lines[i]);
            var read = lines[i].Contains("\"chosen\"", StringComparison.Ordinal) ? PreferenceFile.Read(file).Rows.Count : DemonstrationFile.Read(file).Rows.Count;
            Assert.Equal(1, read);
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(RecipeFiles))]
    public void Every_example_reads_and_says_what_it_shows(string file)
    {
        var path = Path.Combine(Root, "examples", file);
        Assert.NotEmpty(AlignStage.Read(Recipe.Read<AlignRecipe>(path), file));
        Assert.True(File.ReadLines(path).TakeWhile(l => l.StartsWith('#')).Count() >= 4, $"{file} begins without a comment that says what it shows");
        Assert.Contains($"[{file}](examples/{file})", File.ReadAllText(Path.Combine(Root, "README.md")), StringComparison.Ordinal);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Links))]
    public void Every_link_of_the_documents_leads_to_a_file(string document, string link)
    {
        var target = Path.Combine(Root, Path.GetDirectoryName(document)!, link.Split('#')[0]);
        Assert.True(File.Exists(target) || Directory.Exists(target), $"{document}: {link}");
    }

    [Fact(SkipUnless = nameof(InRepository), Skip = "the tests run apart from the sources")]
    public void The_readme_shows_every_command()
    {
        var shown = Blocks("sh").Where(b => b.Document == "README.md").SelectMany(b => CommandLinesOf(b.Text)).Select(l => l.Split(' ')[0]).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(AlidadeCommand.Make().Subcommands.Select(c => c.Name).Except(shown));
    }

    private static IEnumerable<string> Documents() => InRepository
        ? Directory.EnumerateFiles(Root, "*.md").Concat(Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md")).Select(f => Path.GetRelativePath(Root, f)).Order(StringComparer.Ordinal)
        : [];

    private static IEnumerable<(string Document, string Text)> Blocks(string language) =>
        from document in Documents()
        from Match block in Fence().Matches(File.ReadAllText(Path.Combine(Root, document)))
        where block.Groups[1].Value == language
        select (document, block.Groups[2].Value);

    // What follows "alidade", or the "--" of dotnet run; comments and the line's continuation aside.
    private static IEnumerable<string> CommandLinesOf(string block) =>
        from line in block.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        let found = Command().Match(line)
        where found.Success
        select Regex.Replace(found.Groups[1].Value, @"\s+#.*$", "").Trim();

    [GeneratedRegex(@"^```(\w+)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^(?:alidade|dotnet run .*?src/Alidade\.Cli --)\s+(.*)$")]
    private static partial Regex Command();

    [GeneratedRegex(@"\]\(([^)#][^)]*)\)")]
    private static partial Regex Link();
}
