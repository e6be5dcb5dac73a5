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
        var recipe = new Argument<string?>("recipe") { Description = "A recipe (.yaml); the quickstart of the embedded model when left out", Arity = ArgumentArity.ZeroOrOne };
        var output = new Option<string?>("--out", "-o") { Description = "Folder of the run; a new one below ./runs when left out" };
        var resume = new Option<string?>("--resume") { Description = "Go on with a run that was stopped or killed: its folder" };
        var seed = new Option<ulong?>("--seed") { Description = "Seed of everything; the recipe's when left out" };
        var command = new Command("align", "Measure a model, align it by the stages of a recipe, attack it, open it, measure it again; ends with a report, a model card and the aligned model") { recipe, output, resume, seed };
        // Without a default, so that a resumed run can tell that it was given.
        var device = new Option<string?>("--device") { Description = "Where to compute: cpu (when left out), cuda, cuda:1, mps" };
        foreach (var option in new Option[] { model.Model, model.Threads, device, model.Json })
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
                Device = parsed.GetValue(device),
            };
            using var interruption = new Interruption();
            var result = ProgressBars.While((progress, say) => AlignRun.Do(request, progress, warning => say("warning: " + warning), interruption.Token));
            Output.Print(result.Report, parsed.GetValue(model.Json), report => report.ToPlainText());
            if (!parsed.GetValue(model.Json))
                Console.Out.WriteLine($"\nreport: {result.Page}");
            return 0;
        });
        return command;
    }
}
