using System.CommandLine;
using Alidade.Cli.Terminal;
using Alidade.Core.Files;
using Alidade.Core.Reports;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade compare</c>: evaluations against the first of them, item by item.</summary>
internal static class CompareCommand
{
    public static Command Make()
    {
        var runs = new Argument<string[]>("run") { Description = "Folders of finished evaluations; the first is the baseline", Arity = ArgumentArity.OneOrMore };
        var markdown = new Option<string?>("--markdown") { Description = "Write the comparison as Markdown into this file" };
        var json = new Option<bool>("--json") { Description = "Print the comparison as JSON" };
        var command = new Command("compare", "Compare evaluations with the first of them on the items that both scored") { runs, markdown, json };
        command.SetAction(parsed =>
        {
            var comparison = RunComparer.Of(parsed.GetValue(runs)!);
            if (parsed.GetValue(markdown) is { } file)
                AtomicFile.WriteAllText(file, comparison.ToMarkdown());
            Output.Print(comparison, parsed.GetValue(json), c => c.ToPlainText());
            return 0;
        });
        return command;
    }
}
