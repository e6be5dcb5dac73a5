using System.Diagnostics;
using Alidade.Core;
using Alidade.Training.Checkpoints;
using Alidade.Training.Optimisation;
using Alidade.Training.Watching;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>
/// The one training loop; it knows rows and a loss, and nothing of a particular objective. For every update
/// 1. the plan names its rows;
/// 2. each micro-batch is run forward and
/// 3. backward, gradients adding up;
/// 4. the gradients are clipped;
/// 5. the numbers are read back, once;
/// 6. AdamW takes its step at the rate of the schedule;
/// 7. now and then: evaluation on held-out rows, checkpoint.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly ITrainingTask task;
    private readonly ITrainingTask? heldOut;
    private readonly List<(string Name, Tensor Value)> trainable;
    private readonly TrainingOptions options;
    private readonly TrainingContext context;
    private readonly TrainingPlan plan;
    private readonly CheckpointFolder? checkpoints;
    private readonly BestWeights best;
    private readonly CurveWatcher watcher = new();
    private readonly LiveFigures figures = new();
    private List<(string Name, Tensor Value)> kept = [];

    public TrainingLoop(ITrainingTask task, ITrainingTask? heldOut, IEnumerable<(string Name, Tensor Value)> trainable, TrainingOptions options, TrainingContext context)
    {
        options.Validate();
        (this.task, this.heldOut, this.trainable, this.options, this.context) = (task, heldOut, [.. trainable], options, context);
        plan = new(task.Rows, options, task.LeastRows);
        best = new(this.trainable, context.Folder);
        checkpoints = context.Folder is null ? null : new(context.Folder, Fingerprint(), options.KeepCheckpoints);
        if (checkpoints is not null && !context.Resume && checkpoints.Any)
            throw new AlidadeException($"'{context.Folder}' holds checkpoints of a training already: resume it, or name another folder");
    }

    /// <summary>Trains; the state when it ended, the planned updates and the time.</summary>
    public (TrainingState State, int Updates, double Seconds) Run()
    {
        var watch = Stopwatch.StartNew();
        var schedule = options.Schedule with { Updates = plan.Updates };
        task.Prepare(plan.FirstVisits(), context);
        heldOut?.Prepare(HeldOutBatches(), context);

        using var optimiser = new AdamW(trainable, options.AdamW);
        var step = new UpdateStep(trainable, optimiser, options.MaxGradientNorm);
        kept = [.. trainable, .. task.State];
        var state = (context.Resume ? checkpoints?.LoadNewest(kept, optimiser, context.OnWarning) : null) ?? new TrainingState();
        // What was seen before a stop has been said.
        watcher.Look(state.Curve);
        SetGradients(true);
        try
        {
            while (true)
            {
                // 7. Before the next update, so that a run that was killed here takes it up again.
                if (IsEvaluationDue(state) && !Evaluate(state))
                    Stop(state, optimiser);
                var ended = state.Update == plan.Updates || OutOfPatience(state);
                if (ended || (state.Update > 0 && IsMultiple(state.Update, options.CheckpointEvery)))
                    checkpoints?.Save(state, kept, optimiser);
                if (ended)
                    break;

                // 1.–6.
                if (Update(state, step, schedule) is not { } done)
                    Stop(state, optimiser);
                else
                    Tell(state, done);
            }
        }
        finally
        {
            SetGradients(false);
        }

        if (options.Keep == FinalWeights.Best && state.BestUpdate is { } update)
            best.Restore(update);
        return (state, plan.Updates, watch.Elapsed.TotalSeconds);
    }

    public void Dispose() => best.Dispose();

    private void Tell(TrainingState state, TrainingStep step)
    {
        var before = state.Tokens;
        state.Update = step.Update;
        state.Tokens = step.Tokens;
        state.Curve.Add(step);
        context.OnStep?.Invoke(step);
        context.Progress?.Report(new(task.Name.ToUpperInvariant(), step.Update, plan.Updates, figures.Of(step, plan.Updates, before)));
        watcher.Tell(state.Curve, context.OnWarning);
    }

    // The user wants to stop: what is done is kept.
    private void Stop(TrainingState state, AdamW optimiser)
    {
        checkpoints?.Save(state, kept, optimiser);
        context.Cancellation.ThrowIfCancellationRequested();
    }

    // One update; null when it was cancelled, and nothing is changed then.
    private TrainingStep? Update(TrainingState state, UpdateStep step, Schedule schedule)
    {
        using var scope = NewDisposeScope();
        var window = plan.Window(state.Update);
        UpdateSeed.Use(options.Seed, state.Update);
        step.Begin();

        // 1. to 3.
        foreach (var rows in window)
        {
            if (context.Cancellation.IsCancellationRequested)
                return Cancelled();
            using var batch = NewDisposeScope();
            if (task.Evaluate(rows, window) is { } objective)
                step.Add(objective);
        }

        // 4. to 6.
        var rate = schedule.RateOf(state.Update);
        var tokens = state.Tokens + window.Sum(rows => rows.Sum(task.TokensOf));
        var (loss, norm, metrics) = step.Take($"{task.Name}: update {state.Update + 1}", rate);
        task.AfterUpdate(state.Update + 1);
        return new(state.Update + 1, rate, loss, norm, tokens, metrics);
    }

    // Mean over the held-out rows; false when it was cancelled, and nothing is changed then.
    private bool Evaluate(TrainingState state)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var metrics = new MetricSum();
        UpdateSeed.UseForEvaluation(options.Seed);
        foreach (var rows in HeldOutBatches())
        {
            if (context.Cancellation.IsCancellationRequested)
                return false;
            using var batch = NewDisposeScope();
            if (heldOut!.Evaluate(rows, [rows]) is not { } objective)
                continue;
            metrics.Add(".loss", objective.Loss.MoveToOuterDisposeScope(), heldOut.WeightOf(rows));
            foreach (var (name, value) in objective.Metrics)
                metrics.Add(name, value.MoveToOuterDisposeScope(), objective.MetricWeights.GetValueOrDefault(name, heldOut.WeightOf(rows)));
        }

        var values = metrics.Read();
        if (!values.Remove(".loss", out var loss))
            throw new AlidadeException("no token of the held-out rows is scored; hold out other rows or raise the maximum length");
        var point = new HeldOutPoint(state.Update, loss, values);
        state.HeldOut.Add(point);
        context.OnHeldOut?.Invoke(point);
        if (options.Keep == FinalWeights.Best && state.BestUpdate == state.Update)
            best.Keep(state.Update);
        return true;
    }

    private IReadOnlyList<int[]> HeldOutBatches() => TrainingPlan.MicroBatches(Enumerable.Range(0, heldOut!.Rows), options.BatchRows, heldOut.LeastRows);

    private bool IsEvaluationDue(TrainingState state) => heldOut is not null
        && (state.Update == 0 || state.Update == plan.Updates || IsMultiple(state.Update, options.EvaluateEvery))
        && state.HeldOut.All(p => p.Update != state.Update);

    private bool OutOfPatience(TrainingState state) =>
        options.Patience > 0 && state.BestUpdate is { } update && state.HeldOut.Count(p => p.Update > update) >= options.Patience;

    private static bool IsMultiple(int update, int every) => every > 0 && update % every == 0;

    private TrainingStep? Cancelled()
    {
        UpdateStep.ClearGradients(trainable);
        return null;
    }

    private void SetGradients(bool wanted)
    {
        UpdateStep.ClearGradients(trainable);
        foreach (var (_, value) in trainable)
            value.requires_grad_(wanted);
    }

    private Dictionary<string, string> Fingerprint() => new(task.Fingerprint)
    {
        ["settings"] = Core.Files.Json.ToNode(options with { CheckpointEvery = 0, KeepCheckpoints = 1 })!.ToJsonString(),
        ["trained weights"] = string.Join(' ', trainable.Select(t => $"{t.Name}[{string.Join(',', t.Value.shape)}]")),
        ["held-out rows"] = heldOut is null ? "none" : heldOut.Fingerprint["rows"],
    };
}
