using System.Diagnostics;
using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Training.Checkpoints;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Optimisation;
using Alidade.Training.Watching;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers.Policy;

/// <summary>
/// The loop of policy training. For every rollout
/// 1. the source samples answers and scores them;
/// 2. the models say what else the objective needs of each token: log-probabilities of the reference, values;
/// 3. the objective's estimator gives advantages;
/// 4. in some passes, updates: micro-batches forward and backward, gradients clipped, AdamW's step;
/// 5. the weight of the KL and the multiplier of a cost move;
/// 6. now and then: evaluation on held-out prompts, checkpoint.
/// </summary>
/// <remarks>A checkpoint stands between two rollouts, so none has to be kept. One that is cancelled while it samples is sampled again, with the same answers; its updates
/// are finished once they have begun.</remarks>
internal sealed class PolicyLoop : IDisposable
{
    private readonly IAnswerSource source;
    private readonly PolicyModels models;
    private readonly PolicyObjective objective;
    private readonly RolloutOptions rollouts;
    private readonly TrainingOptions options;
    private readonly TrainingContext context;
    private readonly Lagrange? lagrange;
    private readonly AnswerAdvantages advantages;
    private readonly PolicyState policy;
    private readonly Func<int, HeldOutPoint>? evaluate;
    private readonly List<(string Name, Tensor Value)> trainable;
    private readonly CheckpointFolder? checkpoints;
    private readonly BestWeights best;
    private readonly CurveWatcher watcher = new();

    public PolicyLoop(
        IAnswerSource source, PolicyModels models, PolicyObjective objective, RolloutOptions rollouts, TrainingOptions options, TrainingContext context,
        Lagrange? lagrange, Dictionary<string, string> fingerprint, Func<int, HeldOutPoint>? evaluate)
    {
        (this.source, this.models, this.objective, this.rollouts, this.options, this.context, this.lagrange, this.evaluate) =
            (source, models, objective, rollouts, options, context, lagrange, evaluate);
        trainable = [.. models.Weights];
        advantages = new(objective, rollouts, lagrange);
        policy = new(objective.LossKl?.Beta ?? objective.RewardKl?.Beta ?? 0, lagrange);
        best = new(trainable, context.Folder);
        checkpoints = context.Folder is null ? null : new(context.Folder, fingerprint, options.KeepCheckpoints);
        if (checkpoints is not null && !context.Resume && checkpoints.Any)
            throw new AlidadeException($"'{context.Folder}' holds checkpoints of a training already: resume it, or name another folder");
    }

    /// <summary>What the state counts.</summary>
    public PolicyState Counts => policy;

    /// <summary>Trains; the state when it ended, and the time.</summary>
    public (TrainingState State, double Seconds) Run()
    {
        var watch = Stopwatch.StartNew();
        using var optimiser = new AdamW(trainable, options.AdamW);
        var step = new UpdateStep(trainable, optimiser, options.MaxGradientNorm);
        List<(string Name, Tensor Value)> kept = [.. trainable, .. policy.Tensors];
        var state = (context.Resume ? checkpoints?.LoadNewest(kept, optimiser, context.OnWarning) : null) ?? new TrainingState();
        // What was seen before a stop has been said.
        watcher.Look(state.Curve);
        SetGradients(true);
        try
        {
            while (true)
            {
                // 6.
                if (IsEvaluationDue(state))
                    OrStop(() => Evaluate(state));
                var ended = IsDone(state) || OutOfPatience(state);
                if (ended || IsDue(state, options.CheckpointEvery))
                    checkpoints?.Save(state, kept, optimiser);
                if (ended)
                    break;

                // 1.
                using var answers = OrStop(() => source.Next(policy));
                state.Tokens += answers.Tokens;
                if (answers.Rows.Count > 0)
                    Learn(answers, state, step);
            }
        }
        finally
        {
            SetGradients(false);
        }

        if (options.Keep == FinalWeights.Best && state.BestUpdate is { } update)
            best.Restore(update);
        return (state, watch.Elapsed.TotalSeconds);

        // The user wants to stop: all that is done is kept, for nothing has moved since the last rollout.
        T OrStop<T>(Func<T> work)
        {
            try
            {
                context.Cancellation.ThrowIfCancellationRequested();
                return work();
            }
            catch (OperationCanceledException)
            {
                checkpoints?.Save(state, kept, optimiser);
                throw;
            }
        }
    }

    public void Dispose()
    {
        policy.Dispose();
        best.Dispose();
    }

    private void Learn(Answers answers, TrainingState state, UpdateStep step)
    {
        var rollout = policy.Count(PolicyNumber.Rollouts) - 1;

        // 2.
        Inform(answers);

        // 3.
        if (lagrange is not null)
            policy.Lagrange = lagrange.Next(policy.Lagrange, answers.Costs!.Average(c => (double)c));
        var known = advantages.Fill(answers, policy[PolicyNumber.KlWeight], policy.Lagrange.Lambda);
        foreach (var (name, value) in AnswerNumbers.Of(answers))
            known[name] = value;
        if (lagrange is not null)
            (known["cost"], known["cost_multiplier"]) = (policy.Lagrange.Costs[^1], policy.Lagrange.Lambda);
        if (objective.NeedsReference)
            known["kl_weight"] = policy[PolicyNumber.KlWeight];

        // 4.
        var reward = FormattableString.Invariant($"reward {known["reward"]:f3}");
        for (var iteration = 0; iteration < rollouts.Iterations; iteration++)
        {
            var windows = source.Pass(answers, rollout, iteration);
            for (var w = 0; w < windows.Count && !IsFull(state); w++)
            {
                var done = Update(answers, windows[w], windows.Sum(x => x.Count), state, step, rollout, fresh: iteration == 0 && w == 0, known);
                state.Update = done.Update;
                state.Curve.Add(done);
                context.OnStep?.Invoke(done);
                context.Progress?.Report(new(objective.Name.ToUpperInvariant(), done.Update, source.Updates, reward));
                watcher.Tell(state.Curve, context.OnWarning);
                // What is known of the rollout is logged with its first update.
                known = [];
            }
        }

        // 5.
        if (rollouts.AdaptiveKl is { } controller && answers[Grids.Reference] is { } reference)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var kl = (answers[Grids.Old]! - reference).sum(-1).mean().to(ScalarType.Float64).item<double>();
            policy[PolicyNumber.KlWeight] = controller.Next(policy[PolicyNumber.KlWeight], kl, answers.Rows.Count);
        }
    }

    // What the objective needs to know before the weights change.
    private void Inform(Answers answers)
    {
        var like = trainable[0].Value;
        answers.PutSampled(like.dtype, like.device);
        var width = advantages.Width(answers);
        foreach (var rows in Enumerable.Range(0, answers.Rows.Count).Chunk(options.BatchRows))
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var forest = AnswerForest.Of(answers, rows, r => answers.Rows[r].Ids.Count);
            if (answers[Grids.Sampled] is null)
                answers.Put(Grids.Old, rows, models.LogProbs(forest), answers.Width);
            if (objective.NeedsReference)
                answers.Put(Grids.Reference, rows, models.Reference(forest), answers.Width);
            var valued = rollouts.ScorePosition == ScorePosition.LastToken ? forest : AnswerForest.Of(answers, rows, r => advantages.ValueLength(answers, r));
            if (models.Critic is { } critic)
                answers.Put(Grids.Values, rows, valued.Grid.Spread(critic.Values(valued.Batch)), width);
            if (models.CostCritic is { } costCritic)
                answers.Put(Grids.CostValues, rows, valued.Grid.Spread(costCritic.Values(valued.Batch)), width);
        }
    }

    private TrainingStep Update(
        Answers answers, IReadOnlyList<int[]> window, int microBatches, TrainingState state, UpdateStep step, int rollout, bool fresh, Dictionary<string, double> known)
    {
        using var scope = NewDisposeScope();
        var part = new PolicyUpdate(answers, models, objective, rollouts, advantages, window, (double)window.Count / microBatches)
        {
            KlWeight = policy[PolicyNumber.KlWeight],
            Seed = new SeededRandom(options.Seed).Fork(FormattableString.Invariant($"draws of update {state.Update}")).NextUInt64(),
        };
        step.Begin();
        foreach (var rows in window)
        {
            using var batch = NewDisposeScope();
            step.Add(part.Evaluate(rows, fresh, $"{objective.Name}: update {state.Update + 1}"));
        }

        var schedule = options.Schedule with { Updates = rollouts.RateStep == RateStep.Update ? source.Updates : source.Rollouts };
        var rate = schedule.RateOf(rollouts.RateStep == RateStep.Update ? state.Update : rollout);
        var (loss, norm, metrics) = step.Take($"{objective.Name}: update {state.Update + 1}", rate);
        return new(state.Update + 1, rate, loss, norm, state.Tokens, metrics.Concat(known).ToDictionary(m => m.Key, m => m.Value));
    }

    private bool Evaluate(TrainingState state)
    {
        var point = evaluate!(state.Update);
        state.HeldOut.Add(point);
        context.OnHeldOut?.Invoke(point);
        if (options.Keep == FinalWeights.Best && state.BestUpdate == state.Update)
            best.Keep(state.Update);
        return true;
    }

    private bool IsFull(TrainingState state) => options.MaxUpdates is { } most && state.Update >= most;

    // A rollout that lost answers makes fewer updates, or none: there are at most as many rollouts as updates are wanted.
    private bool IsDone(TrainingState state) => IsFull(state) || policy.Count(PolicyNumber.Rollouts) >= (options.MaxUpdates ?? source.Rollouts);

    private bool IsEvaluationDue(TrainingState state) => evaluate is not null
        && (state.Update == 0 || IsDone(state) || IsDue(state, options.EvaluateEvery)) && state.HeldOut.All(p => p.Update != state.Update);

    // A rollout may make several updates: due is what lies in the last of them.
    private bool IsDue(TrainingState state, int every) =>
        every > 0 && state.Update > 0 && state.Update / every > (state.Update - UpdatesOfLastRollout(state)) / every;

    private static int UpdatesOfLastRollout(TrainingState state) => state.Update - state.Curve.FindLastIndex(s => s.Metrics.ContainsKey("reward"));

    private bool OutOfPatience(TrainingState state) =>
        options.Patience > 0 && state.BestUpdate is { } update && state.HeldOut.Count(p => p.Update > update) >= options.Patience;

    private void SetGradients(bool wanted)
    {
        UpdateStep.ClearGradients(trainable);
        foreach (var (_, value) in trainable)
            value.requires_grad_(wanted);
    }
}
