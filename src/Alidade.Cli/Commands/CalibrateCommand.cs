using System.CommandLine;
using System.Text.Json.Nodes;
using Alidade.Cli.Terminal;
using Alidade.Core;
using Alidade.Core.Runs;
using Alidade.Organisms.Calibration;
using Alidade.Organisms.Calibration.Instruments;
using Alidade.Organisms.Manifests;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade calibrate</c>: what instruments find on models whose failures are known.</summary>
internal static class CalibrateCommand
{
    public static Command Make()
    {
        var names = new Argument<string[]>("instruments") { Description = "Names of instruments, or of what stands before a dot in them, such as bias; all when left out", Arity = ArgumentArity.ZeroOrMore };
        var (folder, threads) = (OrganismCommand.FolderOption(), OrganismCommand.ThreadsOption());
        var output = new Option<string?>("--out", "-o") { Description = "Folder of the run; a new one below ./runs when left out" };
        var resume = new Option<string?>("--resume") { Description = "Go on with a run that was stopped or killed: its folder" };
        var json = new Option<bool>("--json") { Description = "Print the result as JSON" };
        var command = new Command("calibrate", "Run instruments over organisms and controls: how well each finds what is planted, and at what cost") { names, folder, output, resume, threads, json };
        command.SetAction(parsed =>
        {
            OrganismCommand.Threads(parsed.GetValue(threads));
            var asked = parsed.GetValue(names)!;
            if (parsed.GetValue(resume) is not null && (asked.Length > 0 || parsed.GetValue(output) is not null))
                throw new AlidadeException("--resume takes the instruments and the folder from the run; leave them out");
            var instruments = AllInstruments.Find(asked);
            using var interruption = new Interruption();
            using var run = parsed.GetValue(resume) is { } earlier ? RunFolder.Open(earlier) : RunFolder.Create(
                parsed.GetValue(output) ?? RunFolder.NewPath("calibrate", TimeProvider.System),
                new() { Command = "calibrate", Options = new JsonObject { ["instruments"] = new JsonArray([.. asked.Select(n => (JsonNode)n)]), ["organisms"] = Path.GetFullPath(parsed.GetValue(folder)!) } });
            if (parsed.GetValue(resume) is not null)
                instruments = AllInstruments.Find([.. run.Record.Options!["instruments"]!.AsArray().Select(n => n!.GetValue<string>())]);
            var table = Kept(run, () =>
            {
                var builder = OrganismBuilder.OnShippedBase(run.Record.Options!["organisms"]!.GetValue<string>(), out var model);
                using (model)
                    return ProgressBars.While(progress => new CalibrationRun(run, builder, OrganismSet.Standard).Do(instruments, progress, interruption.Token));
            });
            Output.Print(table, parsed.GetValue(json), t => t.ToMarkdown() + "\nrun: " + run.Folder);
            return 0;
        });
        return command;
    }

    // The record says how the run ended, whatever ended it.
    private static CalibrationTable Kept(RunFolder run, Func<CalibrationTable> work)
    {
        try
        {
            var table = work();
            run.Finish();
            return table;
        }
        catch (OperationCanceledException)
        {
            run.Stop();
            throw;
        }
        catch (Exception exception)
        {
            run.Fail(exception.Message);
            throw;
        }
    }
}
