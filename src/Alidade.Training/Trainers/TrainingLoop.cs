using System.Diagnostics;
using Alidade.Core;
using Alidade.Training.Checkpoints;
using Alidade.Training.Optimisation;
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
    private readonly TrainingJournal journal;

    public TrainingLoop(ITrainingTask task, ITrainingTask? heldOut, IEnumerable<(string Name, Tensor Value)> trainable, TrainingOptions options, TrainingContext context)
    {
        options.Validate();
        (this.task, this.heldOut, this.trainable, this.options, this.context) = (task, heldOut, [.. trainable], options, context);
        plan = new(task.Rows, options, task.LeastRows);
        journal = new(task.Name, plan.Updates, this.trainable, options, context, () => new Dictionary<string, string>(task.Fingerprint) { ["held-out rows"] = heldOut?.Fingerprint["rows"] ?? "none" });
    }

    private TrainingState State => journal.State;

    /// <summary>Trains; the state when it ended, whether patience ran out before the last planned update, and the time.</summary>
    public (TrainingState State, bool StoppedEarly, double Seconds) Run()
    {
        var watch = Stopwatch.StartNew();
        var schedule = options.Schedule with { Updates = plan.Updates };
        task.Prepare(plan.FirstVisits(), context);
        heldOut?.Prepare(HeldOutBatches(), context);

        using var optimiser = new AdamW(trainable, options.AdamW);
        using var step = new UpdateStep(trainable, optimiser, options.MaxGradientNorm);
        journal.Begin(optimiser, task.State);
        UpdateStep.SetGradients(trainable, true);
        try
        {
            while (true)
            {
                // 7. Before the next update, so that a run that was killed here takes it up again.
                if (IsEvaluationDue() && !Evaluate())
                    Stop();
                var ended = State.Update == plan.Updates || journal.IsOutOfPatience;
                if (ended || (State.Update > 0 && IsMultiple(State.Update, options.CheckpointEvery)))
                    journal.Save();
                if (ended)
                    break;

                // 1.–6.
                if (Update(step, schedule) is not { } done)
                    Stop();
                else
                    journal.Add(done);
            }
        }
        finally
        {
            UpdateStep.SetGradients(trainable, false);
        }

        journal.End();
        return (State, State.Update < plan.Updates, watch.Elapsed.TotalSeconds);
    }

    public void Dispose() => journal.Dispose();

    // The user wants to stop: what is done is kept.
    private void Stop()
    {
        journal.Save();
        context.Cancellation.ThrowIfCancellationRequested();
    }

    // One update; null when it was cancelled, and nothing is changed then.
    private TrainingStep? Update(UpdateStep step, Schedule schedule)
    {
        using var scope = NewDisposeScope();
        var update = State.Update;
        var window = plan.Window(update);
        UpdateSeed.Use(options.Seed, update);
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
        var rate = schedule.RateOf(update);
        var tokens = State.Tokens + window.Sum(rows => rows.Sum(task.TokensOf));
        var (loss, norm, metrics) = step.Take($"{task.Name}: update {update + 1}", rate);
        task.AfterUpdate(update + 1);
        return new(update + 1, rate, loss, norm, tokens, metrics);
    }

    // Mean over the held-out rows; false when it was cancelled, and nothing is changed then.
    private bool Evaluate()
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
        journal.Add(new HeldOutPoint(State.Update, loss, values));
        return true;
    }

    private IReadOnlyList<int[]> HeldOutBatches() => TrainingPlan.MicroBatches(Enumerable.Range(0, heldOut!.Rows), options.BatchRows, heldOut.LeastRows);

    private bool IsEvaluationDue() => heldOut is not null
        && (State.Update == 0 || State.Update == plan.Updates || IsMultiple(State.Update, options.EvaluateEvery))
        && State.HeldOut.All(p => p.Update != State.Update);

    private static bool IsMultiple(int update, int every) => every > 0 && update % every == 0;

    private TrainingStep? Cancelled()
    {
        UpdateStep.ClearGradients(trainable);
        return null;
    }
}
