using System.CommandLine;
using Alidade.Cli.Align;
using Alidade.Cli.Terminal;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Reports;
using Alidade.Core.Runs;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade report</c>: the report of a finished run, once more.</summary>
internal static class ReportCommand
{
    public static Command Make()
    {
        var folder = new Argument<string>("run") { Description = "Folder of a finished run" };
        var json = new Option<bool>("--json") { Description = "Print the report as JSON" };
        var command = new Command("report", "Print the report of a finished run and write its page again") { folder, json };
        command.SetAction(parsed =>
        {
            var run = RunView.Open(parsed.GetValue(folder)!);
            var record = run.PathOf(AlignReportBuilder.RecordFile);
            if (!File.Exists(record))
                throw new AlidadeException($"'{run.Folder}' has no report yet: the run is {run.Record.State.ToString().ToLowerInvariant()}; go on with it by 'alidade align --resume {run.Folder}'");
            var report = Json.ReadFile<AlignmentReport>(record);
            var page = run.PathOf(AlignReportBuilder.PageFile);
            AtomicFile.WriteAllText(page, report.ToHtml());
            Output.Print(report, parsed.GetValue(json), r => r.ToPlainText());
            if (!parsed.GetValue(json))
                Console.Out.WriteLine($"\nreport: {page}");
            return 0;
        });
        return command;
    }
}
