using System.Globalization;
using System.Text.Json;
using Alidade.Cli.Runs;
using Alidade.Core;
using Alidade.Core.Data.Catalogue;
using Alidade.Core.Files;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Evaluation.Engine;
using Alidade.Organisms.Calibration;

namespace Alidade.Cli.Evaluate;

/// <summary>Begins an evaluation, or takes one up again, and sees it through to its report.</summary>
internal static class EvaluateRun
{
    /// <summary>Begins one.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="folder">Folder of the run; a new one below ./runs when null.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>The report and the path of its page.</returns>
    public static (EvaluationReport Report, string Page) Begin(EvaluateRequest request, string? folder, IProgress<Progress> progress, CancellationToken cancellation) => Do(
        request,
        () => RunFolder.Create(folder ?? RunFolder.NewPath("evaluate", TimeProvider.System), new()
        {
            Command = "evaluate",
            Options = Json.ToNode(request),
            Environment = RunEnvironment.Here(request.Threads),
            Seeds = new Dictionary<string, long> { ["seed"] = (long)request.Seed },
        }),
        progress,
        cancellation);

    /// <summary>Goes on with one that was stopped or killed.</summary>
    public static (EvaluationReport Report, string Page) Resume(string folder, IProgress<Progress> progress, CancellationToken cancellation)
    {
        var request = RunView.Open(folder).Record is { Command: "evaluate", Options: { } options }
            ? options.Deserialize<EvaluateRequest>(Json.Line)!
            : throw new AlidadeException($"'{folder}' was not made by evaluate");
        return Do(request, () => RunFolder.Open(folder), progress, cancellation);
    }

    private static (EvaluationReport Report, string Page) Do(EvaluateRequest request, Func<RunFolder> open, IProgress<Progress> progress, CancellationToken cancellation)
    {
        if (request.Threads is { } threads)
            Models.Native.Threads.Use(threads);
        // Everything that can be wrong with tasks, data and models is said before a run is begun.
        var home = DataHome.Of(request.DataFolder);
        var plan = EvaluationPlan.Of(request.Suite, request.Tasks, request.Limit, home.Find);
        using var models = new EvaluatedModels(request);
        using var run = open();
        return RunEnd.Of(run, () =>
        {
            run.UseFiles([.. models.Files, .. plan.Files.Select(f => HashedFile.Of("data", f))]);
            using var cache = request.Cache is { } path ? new ResponseStore(path) : null;
            var context = new EvaluationContext
            {
                Model = models.Model,
                Instruments = models.Instruments,
                Store = cache,
                Seed = request.Seed,
                Chat = request.Chat,
                Progress = progress,
                Cancellation = cancellation,
            };
            var (measurements, left) = new EvaluationRun(run, context).DoAsync(plan.Tasks, plan.Left, request.Suite is not null).GetAwaiter().GetResult();
            var report = Report(request, run, models, measurements, left);
            var page = EvaluationRun.Write(run, report);
            return (report, page);
        });
    }

    private static EvaluationReport Report(EvaluateRequest request, RunFolder run, EvaluatedModels models, IReadOnlyList<Measurement> measurements, IReadOnlyList<NotRun> left) => new()
    {
        Model = models.Model is LocalModel ? Path.GetFileName(Path.TrimEndingDirectorySeparator(models.Model.Name)) : models.Model.Name,
        Identity = models.Model.Identity,
        BlackBox = !models.Model.GivesLogLikelihoods,
        When = DateTimeOffset.UtcNow,
        Run = Path.GetFileName(Path.GetFullPath(run.Folder)),
        Asked = request.Suite is { } suite ? $"suite {suite}" : string.Join(", ", request.Tasks),
        Limit = request.Limit,
        Seed = request.Seed,
        Command = request.CommandLine,
        Measurements = measurements,
        Calibrations = CalibrationTable.Shipped?.Of(measurements.Select(m => m.Name)) ?? new Dictionary<string, IReadOnlyList<InstrumentCalibration>>(),
        NotRun = left,
        Files = run.Record.Files,
        // Numbers of one task share its cost.
        Cost = new(measurements.DistinctBy(m => m.Cost).Sum(m => m.Cost.Tokens), measurements.DistinctBy(m => m.Cost).Sum(m => m.Cost.Seconds)),
        Environment = run.Record.Environment,
    };
}
