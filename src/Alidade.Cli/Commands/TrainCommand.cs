using System.CommandLine;
using Alidade.Cli.Terminal;
using Alidade.Cli.Train;
using Alidade.Core;
using Alidade.Core.Recipes;
using Alidade.Training.Catalogue;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade train</c>: trains a model under one objective.</summary>
internal static class TrainCommand
{
    public static Command Make()
    {
        var model = new ModelOptions();
        var what = new Argument<string?>("objective") { Description = "An objective such as sft or dpo (see --list), or a recipe (.yaml)", Arity = ArgumentArity.ZeroOrOne };
        var list = new Option<bool>("--list") { Description = "Print the objectives, or everything about the one that is named, and train nothing" };
        var data = new Option<string?>("--data") { Description = "Rows to learn from: .jsonl, .json, .csv, .tsv or .parquet" };
        var adapter = new Option<string?>("--adapter") { Description = "lora: train an adapter (default); none: train every weight" };
        var set = new Option<string[]>("--set") { Description = "An option as KEY=VALUE, such as objective.beta=0.2 or learning_rate=1e-5; the last part of a key is enough where it is unambiguous", AllowMultipleArgumentsPerToken = true, Arity = ArgumentArity.OneOrMore, DefaultValueFactory = _ => [] };
        var output = new Option<string?>("--out", "-o") { Description = "Folder of the run; a new one below ./runs when left out" };
        var resume = new Option<string?>("--resume") { Description = "Go on with a run that was stopped or killed: its folder" };
        var dry = new Option<bool>("--dry-run") { Description = "Show the plan and train nothing: rows kept and dropped, tokens, updates, memory, and the time by a measured step" };
        var gguf = new Option<string?>("--gguf") { Description = "Write the trained model as a .gguf file at the end as well" };
        var adapterGguf = new Option<string?>("--adapter-gguf") { Description = "Write the adapter alone as a .gguf file at the end, as llama.cpp and LLamaSharp load it" };
        var command = new Command("train", "Train a model under one objective: a run folder with checkpoints, curves, warnings and samples") { what, list, data, adapter, set, output, resume, dry, gguf, adapterGguf };
        foreach (var option in new Option[] { model.Model, model.Threads, model.Device, model.Json })
            command.Options.Add(option);
        command.SetAction(parsed =>
        {
            var json = parsed.GetValue(model.Json);
            if (parsed.GetValue(list))
            {
                if (parsed.GetValue(what) is { } one)
                    Output.Print(ObjectiveListing.One(one), json, TrainText.One);
                else
                    Output.Print(ObjectiveListing.All, json, TrainText.All);
                return 0;
            }

            if (parsed.GetValue(resume) is null && parsed.GetValue(what) is null)
                throw new AlidadeException("name an objective or a recipe, or a run to go on with (--resume); 'alidade train --list' shows all objectives");
            if (parsed.GetValue(resume) is not null && GivenBeside(parsed) is { } other)
                throw new AlidadeException($"--resume takes everything from the run, which a change would make another one: leave {other} out, or begin a new run");
            using var interruption = new Interruption();
            return Run(parsed, json, interruption.Token);
        });
        return command;

        // How a result is printed changes no run.
        string? GivenBeside(ParseResult parsed) => parsed.GetValue(what) is not null ? "the objective"
            : command.Options.FirstOrDefault(o => o != resume && o != model.Json && parsed.GetResult(o) is { Implicit: false })?.Name;

        int Run(ParseResult parsed, bool json, CancellationToken cancellation)
        {
            if (parsed.GetValue(dry))
            {
                Output.Print(TrainRun.Foresee(Request(parsed), cancellation), json, TrainText.Forecast);
                return 0;
            }

            var (report, page) = ProgressBars.While((progress, say) => parsed.GetValue(resume) is { } folder
                ? TrainRun.Resume(folder, progress, Warning(say), cancellation)
                : TrainRun.Begin(Request(parsed), parsed.GetValue(output), progress, Warning(say), cancellation));
            Output.Print(report, json, r => r.ToPlainText());
            if (!json)
                Console.Out.WriteLine($"\nreport: {page}");
            return 0;
        }

        static Action<string> Warning(Action<string> say) => warning => say("warning: " + warning);

        TrainRequest Request(ParseResult parsed)
        {
            var named = parsed.GetValue(what)!;
            var isRecipe = Path.GetExtension(named).ToLowerInvariant() is ".yaml" or ".yml";
            var given = new List<GivenValue>();
            void Text(string key, string? value, string option)
            {
                if (value is not null)
                    given.Add(new(key, value, $"{option} {value}", IsYaml: false));
            }

            Text("objective.name", isRecipe ? null : named, "objective");
            Text("model", parsed.GetValue(model.Model) is { } path && (File.Exists(path) || Directory.Exists(path)) ? Path.GetFullPath(path) : parsed.GetValue(model.Model), "--model");
            Text("data.file", Full(parsed.GetValue(data)), "--data");
            Text("adapter.method", parsed.GetValue(adapter), "--adapter");
            Text("export.gguf", Full(parsed.GetValue(gguf)), "--gguf");
            Text("export.adapter_gguf", Full(parsed.GetValue(adapterGguf)), "--adapter-gguf");
            foreach (var one in parsed.GetValue(set)!)
                given.Add(one.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? new(one[..at].Trim(), one[(at + 1)..], "--set " + one, IsYaml: true)
                    : throw new AlidadeException($"--set {one}: an option is KEY=VALUE, such as objective.beta=0.2"));
            return new()
            {
                CommandLine = CommandWords.Line(),
                Recipe = isRecipe ? Recipe.ReadText(named) : "",
                RecipeName = isRecipe ? named : "alidade train",
                Folder = isRecipe ? Path.GetDirectoryName(Path.GetFullPath(named))! : Environment.CurrentDirectory,
                Given = given,
                Device = parsed.GetValue(model.Device)!,
                Threads = parsed.GetValue(model.Threads),
            };
        }
    }

    // The command line's paths are not relative to a recipe's folder.
    private static string? Full(string? path) => path is null ? null : Path.GetFullPath(path);
}
