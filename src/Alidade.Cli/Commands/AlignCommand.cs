using System.CommandLine;
using Alidade.Cli.Align;
using Alidade.Cli.Terminal;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade align</c>: the main job.</summary>
internal static class AlignCommand
{
    public static Command Make()
    {
        var model = new ModelOptions();
        var recipe = new Option<string?>("--recipe", "-r") { Description = "A recipe (YAML); the embedded world's when left out" };
        var output = new Option<string?>("--out", "-o") { Description = "Folder of the run; a new one below ./runs when left out" };
        var resume = new Option<string?>("--resume") { Description = "Go on with a run that was stopped or killed: its folder" };
        var seed = new Option<ulong?>("--seed") { Description = "Seed of everything; the recipe's when left out" };
        var command = new Command("align", "Measure a model, align it, attack it, open it, measure it again; ends with the path of the report") { recipe, output, resume, seed };
        foreach (var option in new Option[] { model.Model, model.Threads, model.Device, model.Json })
            command.Options.Add(option);
        command.SetAction(parsed =>
        {
            var request = new AlignRequest
            {
                Model = parsed.GetValue(model.Model),
                Recipe = parsed.GetValue(recipe),
                Output = parsed.GetValue(output),
                Resume = parsed.GetValue(resume),
                Seed = parsed.GetValue(seed),
                Threads = parsed.GetValue(model.Threads),
                Device = parsed.GetValue(model.Device)!,
            };
            using var interruption = new Interruption();
            var result = ProgressBars.While(progress => AlignRun.Do(request, progress, interruption.Token));
            Output.Print(result.Report, parsed.GetValue(model.Json), report => report.ToPlainText());
            if (!parsed.GetValue(model.Json))
                Console.Out.WriteLine($"\nreport: {result.Page}");
            return 0;
        });
        return command;
    }
}
