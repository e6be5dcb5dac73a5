using System.Globalization;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Recipes;
using Alidade.Core.Reports;
using Alidade.Core.Runs;
using Alidade.Models;
using Alidade.Models.Hub;
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
        if (request.Resume is not null && (request.Recipe is not null || request.Model is not null || request.Output is not null || request.Seed is not null))
            throw new AlidadeException("--resume takes model, recipe, seed and folder from the run; leave the other options out");
        if (request.Threads is { } threads)
            Models.Native.Threads.Use(threads);
        // Everything that can be wrong with recipe, data and model is said before a run is begun.
        var asked = request.Resume is { } resumed ? AskedOf(RunView.Open(resumed)) : AskedOf(request);
        var recipe = Parsed(asked);
        var data = asked.DataFolder == WorldFolder ? null : AlignData.Read(recipe, asked.DataFolder);
        using var model = CausalLM.Load(asked.Model, new() { Device = asked.Device });
        using var run = request.Resume is { } folder ? RunFolder.Open(folder) : RunFolder.Create(request.Output ?? RunFolder.NewPath("align", TimeProvider.System), new()
        {
            Command = "align",
            Options = Json.ToNode(asked),
            Environment = RunEnvironment.Here(request.Threads),
            Seeds = new Dictionary<string, long> { ["seed"] = (long)recipe.Seed },
        });
        try
        {
            if (data is null)
            {
                run.Once("world", () => Written(recipe.Seed, run.PathOf(WorldFolder)));
                data = AlignData.Read(recipe, run.PathOf(WorldFolder));
            }

            HashedFile[] weights = [.. WeightsOf(asked.Model).Select(f => HashedFile.Of("model", f))];
            run.UseFiles([.. data.Files, .. weights]);
            new AlignJob(run, recipe, data, model, progress, cancellation).Run();
            var result = AlignReportBuilder.Write(run, recipe, asked.Recipe, data, model, "sha256:" + weights[0].Sha256);
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

    private static Asked AskedOf(RunView run) =>
        run.Record is { Command: "align", Options: { } options }
            ? System.Text.Json.JsonSerializer.Deserialize<Asked>(options, Json.Line)!
            : throw new AlidadeException($"'{run.Folder}' was not made by align");

    private static Asked AskedOf(AlignRequest request)
    {
        var asked = new Asked
        {
            CommandLine = "alidade align" + (request.Model is null ? "" : $" --model {request.Model}") + (request.Recipe is null ? "" : $" --recipe {request.Recipe}")
                + (request.Seed is { } s ? string.Create(CultureInfo.InvariantCulture, $" --seed {s}") : ""),
            Recipe = request.Recipe is { } path ? ReadText(path) : EmbeddedRecipe(),
            RecipeName = request.Recipe ?? "the embedded recipe",
            Seed = request.Seed,
            Device = request.Device,
            Model = "",
            DataFolder = WorldFolder,
        };
        var recipe = Parsed(asked);
        return asked with
        {
            Model = Path.GetFullPath(ModelLocation.Resolve(request.Model ?? recipe.Model ?? BaseModel.Shipped)),
            DataFolder = request.Recipe is null ? WorldFolder : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(request.Recipe))!, recipe.DataFolder ?? ".")),
        };
    }

    private static AlignRecipe Parsed(Asked asked)
    {
        var recipe = Recipe.Parse<AlignRecipe>(asked.Recipe, asked.RecipeName);
        return asked.Seed is { } wanted ? recipe with { Seed = wanted } : recipe;
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
        WorldFiles.Write(World.Build(seed, WorldSize.Alignment), folder);
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

        public ulong? Seed { get; init; }

        public required string DataFolder { get; init; }

        public required string Model { get; init; }

        public required string Device { get; init; }
    }
}
