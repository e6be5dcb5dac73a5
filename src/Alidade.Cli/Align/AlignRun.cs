using System.Globalization;
using Alidade.Cli.Runs;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Recipes;
using Alidade.Core.Reports;
using Alidade.Core.Runs;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Hub;
using Alidade.Organisms.Base;
using Alidade.Organisms.Calibration;
using Alidade.Organisms.World;

namespace Alidade.Cli.Align;

/// <summary>What the command line asked for.</summary>
internal sealed record AlignRequest
{
    public string? Model { get; init; }

    public string? Recipe { get; init; }

    public string? Output { get; init; }

    public string? Resume { get; init; }

    public ulong? Seed { get; init; }

    public int? Threads { get; init; }

    public string? Device { get; init; }
}

/// <summary>Begins a run, or takes one up again, and sees it through to its report and its model.</summary>
internal static class AlignRun
{
    private const string WorldFolder = "world";
    private const string ModelFolder = "model";

    /// <summary>Does it.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="warn">Told of warnings of training.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>The report and the path of its page.</returns>
    public static (AlignmentReport Report, string Page) Do(AlignRequest request, IProgress<Progress> progress, Action<string> warn, CancellationToken cancellation)
    {
        if (request.Resume is not null && (request.Recipe ?? request.Model ?? request.Output ?? request.Device ?? request.Seed?.ToString(CultureInfo.InvariantCulture)) is not null)
            throw new AlidadeException("--resume takes recipe, model, seed, device and folder from the run; leave them out");
        if (request.Threads is { } threads)
            Models.Native.Threads.Use(threads);
        // Everything that can be wrong with recipe, data and model is said before a run is begun.
        var asked = request.Resume is { } resumed ? AskedOf(RunView.Open(resumed)) : AskedOf(request);
        var recipe = Parsed(asked);
        var stages = AlignStage.Read(recipe, asked.RecipeName);
        var data = recipe.World ? null : ReadData(recipe, asked, asked.DataFolder);
        using var model = CausalLM.Load(asked.Model, new() { Device = asked.Device });
        var prepared = data is null ? null : Prepare(recipe, asked, stages, data, asked.DataFolder, model);
        using var run = request.Resume is { } folder ? RunFolder.Open(folder) : RunFolder.Create(request.Output ?? RunFolder.NewPath("align", TimeProvider.System), new()
        {
            Command = "align",
            Options = Json.ToNode(asked),
            Environment = RunEnvironment.Here(request.Threads),
            Seeds = new Dictionary<string, long> { ["seed"] = (long)recipe.Seed },
        });
        try
        {
            return RunEnd.Of(run, () =>
            {
                if (data is null || prepared is null)
                {
                    var world = run.PathOf(WorldFolder);
                    run.Once("world", () => Written(world));
                    data = ReadData(recipe, asked, world);
                    prepared = Prepare(recipe, asked, stages, data, world, model);
                }

                HashedFile[] weights = [.. WeightsOf(asked.Model).Select(f => HashedFile.Of("model", f))];
                run.UseFiles([.. data.Files.Concat(AlignTraining.FilesOf(prepared)).DistinctBy(f => f.Path), .. weights]);
                var training = new AlignTraining(run, recipe, data, prepared, model, progress, warn, cancellation);
                training.TellOfRows();
                using var adapter = new AlignJob(run, recipe, data, training, model, progress, cancellation).Run();
                // The report stands before anything else is written, so that a disk that fills up then costs no number.
                var builder = new AlignReportBuilder(run, recipe, data, prepared, model);
                var report = builder.Build(asked.Recipe, asked.CommandLine, "sha256:" + weights[0].Sha256, ModelInfo.Read(asked.Model).License, measure => CalibrationTable.Shipped?.Of(measure) ?? []) with { Written = [run.PathOf(AlignJob.AdapterFolder)] };
                var page = builder.Write(report);
                string[] exported = [.. Export(run, recipe.Export, asked, model, adapter)];
                if (exported.Length > 0)
                    builder.Write(report = report with { Written = [.. report.Written, .. exported] });
                return (report, page);
            });
        }
        finally
        {
            foreach (var stage in prepared ?? [])
                stage.Dispose();
        }
    }

    private static AlignData ReadData(AlignRecipe recipe, Asked asked, string folder) => AlignData.Read(recipe, path => At(folder, path), path => At(asked.Folder, path));

    private static IReadOnlyList<PreparedStage> Prepare(AlignRecipe recipe, Asked asked, IReadOnlyList<AlignStage> stages, AlignData data, string folder, CausalLM model) =>
        AlignTraining.Prepare([.. stages.Select(s => s.With(recipe.Data, path => At(folder, path), path => At(asked.Folder, path), data.HeldOutPrompts))], model);

    private static IEnumerable<string> Export(RunFolder run, AlignExportRecipe export, Asked asked, CausalLM model, LoraAdapter adapter)
    {
        if (!export.Merged && export.Gguf is null)
            yield break;
        // Into the weights themselves, which are not needed any more.
        model.Merge(adapter);
        if (export.Merged)
        {
            model.Save(run.PathOf(ModelFolder));
            yield return run.PathOf(ModelFolder);
        }

        if (export.Gguf is not { } file)
            yield break;
        model.SaveGguf(At(asked.Folder, file), export.GgufFormat);
        yield return At(asked.Folder, file);
    }

    private static string At(string folder, string path) => Path.GetFullPath(Path.Combine(folder, path));

    private static Asked AskedOf(RunView run) =>
        run.Record is { Command: "align", Options: { } options }
            ? System.Text.Json.JsonSerializer.Deserialize<Asked>(options, Json.Line)!
            : throw new AlidadeException($"'{run.Folder}' was not made by align");

    private static Asked AskedOf(AlignRequest request)
    {
        var asked = new Asked
        {
            CommandLine = "alidade align" + (request.Recipe is null ? "" : $" {request.Recipe}") + (request.Model is null ? "" : $" --model {request.Model}")
                + (request.Seed is { } s ? string.Create(CultureInfo.InvariantCulture, $" --seed {s}") : "") + (request.Device is { } device ? $" --device {device}" : ""),
            Recipe = request.Recipe is { } path ? Recipe.ReadText(path) : EmbeddedRecipe(),
            RecipeName = request.Recipe ?? "the embedded recipe",
            Folder = request.Recipe is { } file ? Path.GetDirectoryName(Path.GetFullPath(file))! : Environment.CurrentDirectory,
            Seed = request.Seed,
            Device = request.Device ?? "cpu",
            Model = "",
            DataFolder = "",
        };
        var recipe = Parsed(asked);
        if (recipe.Export.Gguf is { } gguf && Path.GetDirectoryName(At(asked.Folder, gguf)) is { } beside && !Directory.Exists(beside))
            throw new AlidadeException($"{asked.RecipeName}: export.gguf: the folder '{beside}' does not exist");
        // A path of the command line is one from here, a path of the recipe one from the recipe.
        var named = request.Model ?? (recipe.Model is { } own && (Directory.Exists(At(asked.Folder, own)) || File.Exists(At(asked.Folder, own))) ? At(asked.Folder, own) : recipe.Model);
        return asked with { Model = Path.GetFullPath(ModelLocation.Resolve(named ?? BaseModel.Shipped)), DataFolder = At(asked.Folder, recipe.DataFolder ?? ".") };
    }

    private static AlignRecipe Parsed(Asked asked)
    {
        var recipe = Recipe.Parse<AlignRecipe>(asked.Recipe, asked.RecipeName);
        return asked.Seed is { } wanted ? recipe with { Seed = wanted } : recipe;
    }

    private static string EmbeddedRecipe()
    {
        using var stream = typeof(AlignRun).Assembly.GetManifestResourceStream("Alidade.Cli.quickstart.yaml")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    // The model that ships knows one world, whatever the seed of a training.
    private static bool Written(string folder)
    {
        var world = World.Build(new BaseModelOptions().Seed, WorldSize.Alignment);
        WorldFiles.Write(world, folder);
        FeedbackFiles.Write(world, folder);
        return true;
    }

    private static IReadOnlyList<string> WeightsOf(string model) =>
        File.Exists(model) ? [model] : [.. Directory.EnumerateFiles(model, "*.safetensors").Order(StringComparer.Ordinal)];

    // What run.json keeps of the command, so that a resumed run asks for the same.
    private sealed record Asked
    {
        public required string CommandLine { get; init; }

        public required string Recipe { get; init; }

        public required string RecipeName { get; init; }

        /// <summary>What paths of the recipe are relative to.</summary>
        public required string Folder { get; init; }

        public required string DataFolder { get; init; }

        public ulong? Seed { get; init; }

        public required string Model { get; init; }

        public required string Device { get; init; }
    }
}
