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
return Failures.Guard(() => root.Parse(args).Invoke(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }));
