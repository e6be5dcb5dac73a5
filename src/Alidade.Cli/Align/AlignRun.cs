using System.Globalization;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Recipes;
using Alidade.Core.Reports;
using Alidade.Core.Runs;
using Alidade.Models;
using Alidade.Organisms.Base;
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

    public string Device { get; init; } = "cpu";
}

/// <summary>Begins a run, or takes one up again, and sees it through to its report.</summary>
internal static class AlignRun
{
    private const string WorldFolder = "world";

    /// <summary>Does it.</summary>
    /// <returns>The report and the path of its page.</returns>
    public static (AlignmentReport Report, string Page) Do(AlignRequest request, IProgress<Progress> progress, CancellationToken cancellation)
    {
        if (request.Resume is not null && (request.Recipe ?? request.Model ?? request.Output) is not null)
            throw new AlidadeException("--resume takes model, recipe and folder from the run; leave the other options out");
        if (request.Threads is { } threads)
            Models.Native.Threads.Use(threads);
        using var run = request.Resume is { } folder ? RunFolder.Open(folder) : Begin(request);
        try
        {
            var asked = run.Record.Options ?? throw new AlidadeException($"'{run.Folder}' was not made by align");
            var text = asked["recipe"]!.GetValue<string>();
            var recipe = Parsed(text, asked["recipe_name"]!.GetValue<string>(), asked["seed"]?.GetValue<ulong>());
            var dataFolder = asked["data_folder"]!.GetValue<string>();
            if (dataFolder == WorldFolder)
                run.Once("world", () => Written(recipe.Seed, run.PathOf(WorldFolder)));
            var data = AlignData.Read(recipe, dataFolder == WorldFolder ? run.PathOf(WorldFolder) : dataFolder);
            CheckUnchanged(run, data.Files);
            var modelPath = asked["model"]!.GetValue<string>();
            using var model = CausalLM.Load(modelPath, new() { Device = asked["device"]!.GetValue<string>() });
            var weights = HashedFile.Of("model", WeightsOf(modelPath));
            run.Update(r => r with { Files = [.. data.Files, weights] });
            new AlignJob(run, recipe, data, model, progress, cancellation).Run();
            var result = AlignReportBuilder.Write(run, recipe, text, data, model, "sha256:" + weights.Sha256);
            run.Finish();
            return result;
        }
        catch (OperationCanceledException)
        {
            run.Stop();
            throw new OperationCanceledException($"stopped; go on with 'alidade align --resume {run.Folder}'");
        }
        catch (AlidadeException exception)
        {
            run.Fail(exception.Message);
            throw;
        }
    }

    private static RunFolder Begin(AlignRequest request)
    {
        var text = request.Recipe is { } path ? ReadText(path) : EmbeddedRecipe();
        var name = request.Recipe ?? "the embedded recipe";
        var recipe = Parsed(text, name, request.Seed);
        var output = request.Output ?? Path.Combine("runs", "align-" + TimeProvider.System.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));
        var model = request.Model ?? recipe.Model ?? BaseModel.Shipped;
        var dataFolder = request.Recipe is null ? WorldFolder : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(request.Recipe))!, recipe.DataFolder ?? "."));
        // Everything that can be wrong with the data is said before a run is begun.
        if (dataFolder != WorldFolder)
            AlignData.Read(recipe, dataFolder);
        if (!Directory.Exists(model) && !File.Exists(model))
            throw new AlidadeException($"'{model}' is neither a model folder nor a file; give a Hugging Face folder (config.json, model.safetensors) or a .gguf file");
        return RunFolder.Create(output, new()
        {
            Command = "align",
            Options = new JsonObject
            {
                ["command_line"] = "alidade align" + (request.Model is null ? "" : $" --model {request.Model}") + (request.Recipe is null ? "" : $" --recipe {request.Recipe}") + (request.Seed is { } s ? string.Create(CultureInfo.InvariantCulture, $" --seed {s}") : ""),
                ["recipe"] = text,
                ["recipe_name"] = name,
                ["seed"] = request.Seed is { } seed ? JsonValue.Create(seed) : null,
                ["data_folder"] = dataFolder,
                ["model"] = model,
                ["device"] = request.Device,
            },
            Environment = RunEnvironment.Here(request.Threads),
            Seeds = new Dictionary<string, long> { ["seed"] = (long)recipe.Seed },
        });
    }

    private static AlignRecipe Parsed(string text, string name, ulong? seed)
    {
        var recipe = Recipe.Parse<AlignRecipe>(text, name);
        return seed is { } wanted ? recipe with { Seed = wanted } : recipe;
    }

    private static string ReadText(string path)
    {
        using var reader = new StreamReader(InputFile.Open(path));
        return reader.ReadToEnd();
    }

    private static string EmbeddedRecipe()
    {
        using var stream = typeof(AlignRun).Assembly.GetManifestResourceStream("Alidade.Cli.embedded.yaml")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static bool Written(ulong seed, string folder)
    {
        WorldFiles.Write(World.Build(seed), folder);
        return true;
    }

    private static void CheckUnchanged(RunFolder run, IReadOnlyList<HashedFile> files)
    {
        foreach (var file in files)
            if (run.Record.Files.FirstOrDefault(f => f.Path == file.Path) is { } earlier && earlier.Sha256 != file.Sha256)
                throw new AlidadeException($"'{file.Path}' is not the file that the run began with; put it back, or begin a new run");
    }

    private static string WeightsOf(string model) =>
        File.Exists(model) ? model
        : Directory.EnumerateFiles(model, "*.safetensors").Order(StringComparer.Ordinal).FirstOrDefault()
            ?? throw new AlidadeException($"'{model}' holds no .safetensors file");
}
