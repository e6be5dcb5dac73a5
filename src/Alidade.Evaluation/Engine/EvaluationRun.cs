using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Evaluation.Tasks;
using Alidade.Evaluation.Tasks.Harness;

namespace Alidade.Evaluation.Engine;

/// <summary>A task to run.</summary>
/// <param name="Task">The task.</param>
/// <param name="Limit">Most items; null for all.</param>
public sealed record PlannedTask(IEvaluationTask Task, int? Limit);

/// <summary>
/// Runs tasks into a run folder: (1) a task that is done is taken from the folder; (2) the others ask, every answer kept in <c>responses.jsonl</c>; (3) results and
/// items are written when a task is done; (4) the report. A run that was killed goes on with the batch that was under way, and comes to the same numbers.
/// </summary>
/// <param name="run">The folder.</param>
/// <param name="context">The model, instruments and progress; the store is the run's own where none is given.</param>
public sealed class EvaluationRun(RunFolder run, EvaluationContext context)
{
    /// <summary>The report as JSON, in the run folder.</summary>
    public const string ReportFile = "report.json";

    /// <summary>The report as a page, in the run folder.</summary>
    public const string PageFile = "report.html";

    /// <summary>The report as Markdown, in the run folder.</summary>
    public const string MarkdownFile = "report.md";

    /// <summary>Answers, in the run folder.</summary>
    public const string ResponsesFile = "responses.jsonl";

    /// <summary>Name of the one phase of an evaluation in <c>samples.jsonl</c>.</summary>
    public const string Phase = "evaluation";

    /// <summary>Runs every task.</summary>
    /// <param name="tasks">The tasks, in order.</param>
    /// <param name="left">Tasks of the suite that are known beforehand not to run.</param>
    /// <param name="suite">True when a task that this model or these instruments cannot serve is left out and told; else it is an error.</param>
    /// <returns>Every result, and the tasks that were left out.</returns>
    /// <exception cref="AlidadeException">A task failed.</exception>
    public async Task<(IReadOnlyList<Measurement> Measurements, IReadOnlyList<NotRun> Left)> DoAsync(IReadOnlyList<PlannedTask> tasks, IReadOnlyList<NotRun> left, bool suite)
    {
        using var own = context.Store is null ? new ResponseStore(run.PathOf(ResponsesFile)) : null;
        var asking = context with { Store = context.Store ?? own };
        var measurements = new List<Measurement>();
        var notRun = new List<NotRun>(left);
        foreach (var (task, limit) in tasks)
        {
            var stage = "task." + task.Name;
            if (!run.IsDone(stage))
            {
                try
                {
                    var results = await Measure(task, asking with { Limit = limit }).ConfigureAwait(false);
                    foreach (var result in results)
                        run.AddSamples(Phase, result);
                    run.MarkDone(stage, Json.ToNode(results.Select(r => r.Measurement)));
                }
                catch (AlidadeException exception) when (suite)
                {
                    notRun.Add(new(task.Name, exception.Message));
                    continue;
                }
            }

            measurements.AddRange(run.ResultOf<IReadOnlyList<Measurement>>(stage)!);
        }

        new HarnessFiles(run).Finish(context.Model, context);
        return (measurements, notRun);
    }

    // The files for readers of lm-evaluation-harness are written before the task counts as done.
    private async Task<IReadOnlyList<MeasureResult>> Measure(IEvaluationTask task, EvaluationContext asking)
    {
        var files = new HarnessFiles(run);
        if (task is not DeclaredTask declared)
        {
            var results = await task.RunAsync(asking).ConfigureAwait(false);
            files.Add(results);
            return results;
        }

        var outcome = await declared.MeasureAsync(asking).ConfigureAwait(false);
        files.Add(task.Name, outcome.Harness);
        return outcome.Results;
    }

    /// <summary>Writes the report in all its forms.</summary>
    /// <returns>The path of the page.</returns>
    public static string Write(RunFolder run, EvaluationReport report)
    {
        run.WriteArtifact(ReportFile, System.Text.Json.JsonSerializer.Serialize(report, Json.Indented) + "\n");
        run.WriteArtifact(MarkdownFile, report.ToMarkdown());
        run.WriteArtifact(PageFile, report.ToHtml(run.View.Samples()));
        return run.PathOf(PageFile);
    }
}
