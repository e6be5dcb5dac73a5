using System.CommandLine;
using System.Text.Json;
using Alidade.Cli.Terminal;
using Alidade.Core;
using Alidade.Core.Files;
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
        var (folder, set, threads) = (OrganismCommand.FolderOption(), OrganismCommand.SetOption(), OrganismCommand.ThreadsOption());
        var output = new Option<string?>("--out", "-o") { Description = "Folder of the run; a new one below ./runs when left out" };
        var resume = new Option<string?>("--resume") { Description = "Go on with a run that was stopped or killed: its folder" };
        var json = new Option<bool>("--json") { Description = "Print the result as JSON" };
        var command = new Command("calibrate", "Run instruments over organisms and controls: how well each finds what is planted, and at what cost") { names, folder, set, output, resume, threads, json };
        command.SetAction(parsed =>
        {
            OrganismCommand.Threads(parsed.GetValue(threads));
            var asked = parsed.GetValue(names)!;
            if (parsed.GetValue(resume) is not null && (asked.Length > 0 || (parsed.GetValue(output) ?? parsed.GetValue(set)) is not null))
                throw new AlidadeException("--resume takes instruments, organisms and folder from the run; leave them out");
            using var interruption = new Interruption();
            using var run = parsed.GetValue(resume) is { } earlier ? RunFolder.Open(earlier) : Begin(
                new(asked, Path.GetFullPath(parsed.GetValue(folder)!), OrganismCommand.Set(parsed.GetValue(set)).Manifests), parsed.GetValue(output));
            var options = run.Record.Options.Deserialize<CalibrationOptions>(Json.Line)!;
            var table = Kept(run, () =>
            {
                var builder = OrganismBuilder.OnShippedBase(options.Organisms, out var model);
                using (model)
                    return ProgressBars.While(progress => new CalibrationRun(run, builder, new(options.Manifests)).Do(AllInstruments.Find(options.Instruments), progress, interruption.Token));
            });
            Output.Print(table, parsed.GetValue(json), t => t.ToMarkdown() + "\nrun: " + run.Folder);
            return 0;
        });
        return command;
    }

    /// <summary>What a run was asked for; a resumed run reads it from its record.</summary>
    private sealed record CalibrationOptions(IReadOnlyList<string> Instruments, string Organisms, IReadOnlyList<OrganismManifest> Manifests);

    private static RunFolder Begin(CalibrationOptions options, string? path)
    {
        // A wrong name leaves no folder behind.
        AllInstruments.Find(options.Instruments);
        return RunFolder.Create(path ?? RunFolder.NewPath("calibrate", TimeProvider.System), new() { Command = "calibrate", Options = Json.ToNode(options) });
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
