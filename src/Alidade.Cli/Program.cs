using System.CommandLine;
using Alidade.Cli.Commands;
using Alidade.Cli.Terminal;

var root = new RootCommand("Alidade: align a language model, look inside it, attack it and measure it, on your own machine.")
{
    AlignCommand.Make(),
    ReportCommand.Make(),
    ChatCommand.Make(),
    GenerateCommand.Make(),
    NextCommand.Make(),
    ModelCommand.Make(),
    OrganismCommand.Make(),
};
return Failures.Guard(() =>
{
    var parsed = root.Parse(args);
    return parsed.Errors.Count == 0 || args.Length == 0
        ? parsed.Invoke(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null })
        : Failures.Say($"{string.Join("; ", parsed.Errors.Select(e => e.Message))}; see 'alidade {string.Join(' ', args.TakeWhile(a => !a.StartsWith('-')).Take(2))} --help'", Failures.UserMistake);
});
