using System.Globalization;
using System.Text.Json;
using Alidade.Cli.Runs;
using Alidade.Core;
using Alidade.Core.Data.Catalogue;
using Alidade.Core.Files;
using Alidade.Core.Gates;
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
    /// <param name="gate">The rules that the result must meet, told in the report; null for none.</param>
    /// <param name="folder">Folder of the run; a new one below ./runs when null.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>The report and the path of its page.</returns>
    public static (EvaluationReport Report, string Page) Begin(EvaluateRequest request, GateFile? gate, string? folder, IProgress<Progress> progress, CancellationToken cancellation) => Do(
        request,
        gate,
        () => RunFolder.Create(folder ?? RunFolder.NewPath("evaluate", TimeProvider.System), new()
        {
            Command = "evaluate",
            Options = Json.ToNode(request),
            Environment = RunEnvironment.Here(request.Threads),
            Seeds = new Dictionary<string, long> { ["seed"] = (long)request.Seed },
        }),
        progress,
        cancellation);

    /// <summary>Goes on with one that was stopped or killed. The gate is the one that is asked now.</summary>
    public static (EvaluationReport Report, string Page) Resume(string folder, GateFile? gate, IProgress<Progress> progress, CancellationToken cancellation)
    {
        var request = RunView.Open(folder).Record is { Command: "evaluate", Options: { } options }
            ? options.Deserialize<EvaluateRequest>(Json.Line)!
            : throw new AlidadeException($"'{folder}' was not made by evaluate");
        return Do(request, gate, () => RunFolder.Open(folder), progress, cancellation);
    }

    private static (EvaluationReport Report, string Page) Do(EvaluateRequest request, GateFile? gate, Func<RunFolder> open, IProgress<Progress> progress, CancellationToken cancellation)
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
            var report = Report(request, gate, run, models, measurements, left);
            var page = EvaluationRun.Write(run, report);
            return (report, page);
        });
    }

    private static EvaluationReport Report(EvaluateRequest request, GateFile? gate, RunFolder run, EvaluatedModels models, IReadOnlyList<Measurement> measurements, IReadOnlyList<NotRun> left) => new()
    {
        Model = models.Model is LocalModel ? Path.GetFileName(Path.TrimEndingDirectorySeparator(models.Model.Name)) : models.Model.Name,
        Identity = models.Model.Identity,
        BlackBox = !models.Model.GivesLogLikelihoods,
        When = DateTimeOffset.UtcNow,
        Run = Path.GetFileName(Path.GetFullPath(run.Folder)),
        Asked = request.Suite is { } suite ? $"suite {suite}" : string.Join(", ", request.Tasks.Select(t => Path.GetFileName(t))),
        Limit = request.Limit,
        Seed = request.Seed,
        Command = request.CommandLine,
        Measurements = measurements,
        Calibrations = CalibrationTable.Shipped?.Of(measurements.Select(m => m.Name)) ?? new Dictionary<string, IReadOnlyList<InstrumentCalibration>>(),
        Gate = gate?.Outcomes(measurements) ?? [],
        NotRun = left,
        // The gate is no part of the run: another may be asked of the same answers.
        Files = gate is { Path.Length: > 0 } ? [.. run.Record.Files, HashedFile.Of("gate", gate.Path)] : run.Record.Files,
        // Numbers of one task share its cost.
        Cost = new(measurements.DistinctBy(m => m.Cost).Sum(m => m.Cost.Tokens), measurements.DistinctBy(m => m.Cost).Sum(m => m.Cost.Seconds)),
        Environment = run.Record.Environment,
    };
}
