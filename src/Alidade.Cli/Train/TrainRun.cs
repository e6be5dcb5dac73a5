using System.Text.Json;
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
using Alidade.Training.Catalogue;
using Alidade.Training.Jobs;

namespace Alidade.Cli.Train;

/// <summary>Begins a training, or takes one up again, and sees it through to its report; or only foresees it.</summary>
internal static class TrainRun
{
    /// <summary>Begins one.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="folder">Folder of the run; a new one below ./runs when null.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="warn">Told of warnings.</param>
    /// <param name="cancellation">Stops between micro-batches.</param>
    /// <returns>The report and the path of its page.</returns>
    public static (TrainingReport Report, string Page) Begin(TrainRequest request, string? folder, IProgress<Progress> progress, Action<string> warn, CancellationToken cancellation) => Do(
        request,
        () => RunFolder.Create(folder ?? RunFolder.NewPath("train", TimeProvider.System), new()
        {
            Command = "train",
            Options = Json.ToNode(request),
            Environment = RunEnvironment.Here(request.Threads),
        }),
        progress,
        warn,
        cancellation);

    /// <summary>Goes on with one that was stopped or killed.</summary>
    public static (TrainingReport Report, string Page) Resume(string folder, IProgress<Progress> progress, Action<string> warn, CancellationToken cancellation)
    {
        var request = RunView.Open(folder).Record is { Command: "train", Options: { } options }
            ? options.Deserialize<TrainRequest>(Json.Line)!
            : throw new AlidadeException($"'{folder}' was not made by train");
        return Do(request, () => RunFolder.Open(folder), progress, warn, cancellation);
    }

    /// <summary>What a training would do, with the time of a measured step.</summary>
    public static TrainingForecast Foresee(TrainRequest request, CancellationToken cancellation)
    {
        using var prepared = new Prepared(request);
        using var adapter = TrainingJob.AdapterOf(prepared.Settings, prepared.Model, prepared.Rows);
        return Checked(prepared, adapter).Measured(adapter, prepared.Rows, prepared.Settings, cancellation);
    }

    private static TrainingForecast Checked(Prepared prepared, LoraAdapter? adapter)
    {
        prepared.Rows.CheckWhole();
        TrainingJob.CheckExports(prepared.Settings, prepared.Model, adapter);
        return TrainingForecast.Of(prepared.Known, prepared.Model, adapter, prepared.Rows, prepared.Settings);
    }

    private static (TrainingReport Report, string Page) Do(TrainRequest request, Func<RunFolder> open, IProgress<Progress> progress, Action<string> warn, CancellationToken cancellation)
    {
        // Everything that can be wrong with recipe, data and model is said before a run is begun.
        using var prepared = new Prepared(request);
        using (var adapter = TrainingJob.AdapterOf(prepared.Settings, prepared.Model, prepared.Rows))
            Checked(prepared, adapter);
        using var run = open();
        return RunEnd.Of(run, () =>
        {
            run.Update(r => r with { Seeds = new Dictionary<string, long> { ["seed"] = (long)prepared.Settings.Training.Seed } });
            run.UseFiles(prepared.Files);
            var report = new TrainingJob(run, request.CommandLine, prepared.Settings, prepared.Known, prepared.Rows, prepared.Model, progress, warn, cancellation).Run();
            return (report, run.PathOf(TrainingJob.PageFile));
        });
    }

    /// <summary>A request with everything that it names opened.</summary>
    private sealed class Prepared : IDisposable
    {
        public Prepared(TrainRequest request)
        {
            if (request.Threads is { } threads)
                Models.Native.Threads.Use(threads);
            Settings = Recipe.Parse(request.Recipe, request.RecipeName, new TrainRecipe(), Overrides(request)).Resolved().At(request.Folder);
            (Known, var objective) = Settings.Chosen(request.RecipeName);
            ObjectiveKeys.Check(Settings, new(), Known, objective, request.RecipeName);
            var location = ModelLocation.Resolve(Settings.Model ?? BaseModel.Shipped);
            Model = CausalLM.Load(location, new() { Device = request.Device });
            try
            {
                Rows = Known.Family.Prepare(new(Model, objective, Settings));
                Files = [.. Rows.Files, .. ModelFolder.FilesOf(location).Select(f => HashedFile.Of("model", f))];
            }
            catch
            {
                Rows?.Dispose();
                Model.Dispose();
                throw;
            }
        }

        public TrainRecipe Settings { get; }

        public KnownObjective Known { get; }

        public CausalLM Model { get; }

        public PreparedRows Rows { get; }

        public IReadOnlyList<HashedFile> Files { get; }

        public void Dispose()
        {
            Rows.Dispose();
            Model.Dispose();
        }

        // Which objective it is decides what keys there are, so that one comes first.
        private static IReadOnlyList<RecipeOverride> Overrides(TrainRequest request)
        {
            var name = Recipe.Parse(request.Recipe, request.RecipeName, new TrainRecipe { Data = new() { File = "-" } }, [.. request.Given.Where(g => !g.IsYaml).Select(Of)]).Chosen(request.RecipeName).Known;
            return [.. request.Given.Select(g => Of(g.IsYaml ? g with { Key = ObjectiveKeys.Find(name, g.Key).Key } : g))];
        }

        private static RecipeOverride Of(GivenValue given) =>
            given.IsYaml ? RecipeOverride.OfYaml(given.Key.Split('.'), given.Value, given.Shown) : RecipeOverride.OfText(given.Key.Split('.'), given.Value, given.Shown);
    }
}
