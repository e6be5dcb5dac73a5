using System.CommandLine;
using System.Text;
using Alidade.Cli.Evaluate;
using Alidade.Cli.Terminal;
using Alidade.Core.Gates;
using Alidade.Evaluation.Engine;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade evaluate</c>: measures a model with suites or tasks, and may gate on the result.</summary>
internal static class EvaluateCommand
{
    public static Command Make()
    {
        var model = new ModelOptions();
        var options = new EvaluationOptions();
        var list = new Option<bool>("--list") { Description = "Print the tasks and suites, and measure nothing" };
        var require = new Option<string[]>("--require") { Description = "A condition that the result must meet, such as \"bias.crows_pairs<=0.6\"; exit code 3 where it does not", Arity = ArgumentArity.OneOrMore, DefaultValueFactory = _ => [] };
        var command = new Command("evaluate", "Measure a model: suites and tasks, every number with its interval, every failure counted") { list, require };
        foreach (var option in new Option[] { model.Model, model.Adapter, model.Threads, model.Device, model.Json })
            command.Options.Add(option);
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(list))
            {
                Output.Print(TaskCatalogue.All.Select(t => new ListedTask(t.Name, t.About, t.Files)).ToArray(), parsed.GetValue(model.Json), Listed);
                return 0;
            }

            var required = GateFile.Of(parsed.GetValue(require)!);
            using var interruption = new Interruption();
            var (report, page) = ProgressBars.While(progress => parsed.GetValue(options.Resume) is { } folder
                ? EvaluateRun.Resume(folder, required, progress, interruption.Token)
                : EvaluateRun.Begin(options.Request(parsed, parsed.GetValue(model.Model), model), required, parsed.GetValue(options.Output), progress, interruption.Token));
            Output.Print(report, parsed.GetValue(model.Json), r => r.ToPlainText());
            if (!parsed.GetValue(model.Json))
                Console.Out.WriteLine($"\nreport: {page}");
            return Failures.Gate([.. report.Gate.Select(o => o.Message).OfType<string>()]);
        });
        return command;
    }

    private static string Listed(ListedTask[] tasks)
    {
        var text = new StringBuilder();
        var width = tasks.Max(t => t.Name.Length);
        foreach (var task in tasks)
            text.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"{task.Name.PadRight(width)}  {task.About}");
        return text.Append("suites: ").AppendJoin(", ", TaskCatalogue.Suites).ToString();
    }

    private sealed record ListedTask(string Name, string About, IReadOnlyList<string> Files);
}
