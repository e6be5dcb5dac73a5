using System.CommandLine;
using Alidade.Cli.Evaluate;
using Alidade.Cli.Terminal;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Gates;
using Alidade.Evaluation.Engine;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade check</c>: measures a model and nothing else, and says whether it may be released.</summary>
internal static class CheckCommand
{
    public static Command Make()
    {
        var model = new ModelOptions();
        var options = new EvaluationOptions();
        var what = new Argument<string?>("model") { Description = "A Hugging Face folder, a .gguf file, or ORG/NAME of a model that was pulled", Arity = ArgumentArity.ZeroOrOne };
        var gate = new Option<string?>("--gate", "-g") { Description = "A file of rules that the result must meet (.yaml); exit code 3 where one is not" };
        var junit = new Option<string?>("--junit") { Description = "Write the result as JUnit XML" };
        var sarif = new Option<string?>("--sarif") { Description = "Write how the rules fared as SARIF 2.1.0" };
        var command = new Command("check", "Measure a model for a release: the tasks that a gate's rules are about, a suite or tasks; exit code 3 when the gate stays shut") { what, gate, junit, sarif };
        foreach (var option in new Option[] { model.Adapter, model.Threads, model.Device, model.Json })
            command.Options.Add(option);
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var rules = parsed.GetValue(gate) is { } path ? GateFile.Read(path) : null;
            if (parsed.GetValue(sarif) is not null && rules is null)
                throw new AlidadeException("--sarif says how rules fared, and there are none: give --gate FILE");
            using var interruption = new Interruption();
            var (report, page) = ProgressBars.While(progress => parsed.GetValue(options.Resume) is { } folder
                ? EvaluateRun.Resume(folder, rules, progress, interruption.Token)
                : EvaluateRun.Begin(Planned(options.Request(parsed, Named(parsed), model), rules), rules, parsed.GetValue(options.Output), progress, interruption.Token));
            if (parsed.GetValue(junit) is { } xml)
                AtomicFile.WriteAllText(xml, JUnitXml.Of(report, report.Gate));
            if (parsed.GetValue(sarif) is { } log)
                AtomicFile.WriteAllText(log, SarifLog.Of(report, rules!, report.Gate));
            Output.Print(report, parsed.GetValue(model.Json), r => r.ToPlainText());
            if (!parsed.GetValue(model.Json))
                Console.Out.WriteLine($"\nreport: {page}");
            return Failures.Gate([.. report.Gate.Select(o => o.Message).OfType<string>()]);
        });
        return command;

        // A model is what is checked, so none is taken for granted.
        string? Named(ParseResult parsed) => parsed.GetValue(what) is { } name ? name
            : parsed.Tokens.Any(t => t.Value == "--endpoint") ? null
            : throw new AlidadeException("name the model to check: a folder, a .gguf file, ORG/NAME, or --endpoint URL");
    }

    // What the command line names goes before what the gate names; without either the rules say what must be measured.
    private static EvaluateRequest Planned(EvaluateRequest request, GateFile? gate)
    {
        if (request.Suite is null && request.Tasks.Count == 0)
            request = gate switch
            {
                null => request with { Suite = TaskCatalogue.Quick },
                { Suite: { } suite } => request with { Suite = suite },
                { Tasks.Count: > 0 } => request with { Tasks = [.. gate.Tasks.Select(t => Evaluation.Tasks.TaskFiles.IsFile(t) ? Path.GetFullPath(t, Path.GetDirectoryName(Path.GetFullPath(gate.Path))!) : t)] },
                _ => request with { Tasks = gate.TasksOfRules([.. TaskCatalogue.All.Select(t => t.Name)]) },
            };
        request = request with { Limit = request.Limit ?? gate?.Limit };
        var plan = EvaluationPlan.Of(request.Suite, request.Tasks, request.Limit, Core.Data.Catalogue.DataHome.Of(request.DataFolder).Find);
        gate?.Check([.. plan.Tasks.Select(t => t.Task.Name)]);
        return request;
    }
}
