using System.CommandLine;
using Alidade.Cli.Terminal;
using Alidade.Core;

namespace Alidade.Cli.Commands;

/// <summary>The command <c>alidade</c> with everything below it.</summary>
internal static class AlidadeCommand
{
    public static RootCommand Make() => new("Alidade: align a language model, look inside it, attack it and measure it, on your own machine.")
    {
        AlignCommand.Make(),
        TrainCommand.Make(),
        EvaluateCommand.Make(),
        CheckCommand.Make(),
        CompareCommand.Make(),
        ReportCommand.Make(),
        ChatCommand.Make(),
        GenerateCommand.Make(),
        NextCommand.Make(),
        EmbedCommand.Make(),
        ClassifyCommand.Make(),
        ServeCommand.Make(),
        ModelCommand.Make(),
        DataCommand.Make(),
        OrganismCommand.Make(),
        CalibrateCommand.Make(),
    };

    /// <summary>Runs a command line.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string[] arguments) => Failures.Guard(() =>
    {
        var parsed = Make().Parse(arguments.Length == 0 ? ["--help"] : arguments);
        if (parsed.Errors.Count > 0)
            throw new AlidadeException(Mistake(parsed));
        return parsed.Invoke(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    });

    // The parser's own answer is a page of help; one line says what is wrong and where the help is.
    private static string Mistake(ParseResult parsed)
    {
        var names = new List<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
            names.Insert(0, result.Command is RootCommand ? "alidade" : result.Command.Name);
        var path = string.Join(' ', names);
        var command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens is not [var unknown, ..])
            return $"{parsed.Errors[0].Message.TrimEnd('.')}; see '{path} --help'";
        string[] known = unknown.StartsWith('-') ? [.. command.Options.Select(o => o.Name)] : [.. command.Subcommands.Select(c => c.Name)];
        return $"{path} does not know '{unknown}'{Suggest.Hint(unknown, known)}; see '{path} --help'";
    }
}
