using System.CommandLine;
using Alidade.Cli.Align;
using Alidade.Cli.Terminal;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Reports;
using Alidade.Core.Runs;
using Alidade.Evaluation.Engine;
using Alidade.Training.Jobs;

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
            return run.Record.Command switch
            {
                "evaluate" => Show<EvaluationReport>(run, EvaluationRun.ReportFile, EvaluationRun.PageFile, r => r.ToHtml(run.Samples()), r => r.ToPlainText(), parsed.GetValue(json)),
                "train" => Show<TrainingReport>(run, TrainingJob.RecordFile, TrainingJob.PageFile, r => r.ToHtml(), r => r.ToPlainText(), parsed.GetValue(json)),
                _ => Show<AlignmentReport>(run, AlignReportBuilder.RecordFile, AlignReportBuilder.PageFile, r => r.ToHtml(), r => r.ToPlainText(), parsed.GetValue(json)),
            };
        });
        return command;
    }

    private static int Show<T>(RunView run, string recordFile, string pageFile, Func<T, string> html, Func<T, string> text, bool json)
    {
        var record = run.PathOf(recordFile);
        if (!File.Exists(record))
            throw new AlidadeException($"'{run.Folder}' has no report yet: the run is {run.Record.State.ToString().ToLowerInvariant()}; go on with it by 'alidade {run.Record.Command} --resume {run.Folder}'");
        var report = Json.ReadFile<T>(record);
        var page = run.PathOf(pageFile);
        AtomicFile.WriteAllText(page, html(report));
        Output.Print(report, json, text);
        if (!json)
            Console.Out.WriteLine($"\nreport: {page}");
        return 0;
    }
}
