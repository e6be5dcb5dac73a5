using System.Diagnostics;
using Alidade.Training.Checkpoints;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers.Policy;

/// <summary>
/// The loop of policy training. For every rollout
/// 1. the source samples answers and scores them, under a mask policy where there is one, which may then become the policy;
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
    private readonly MaskPolicy? mask;
    private readonly Func<int, HeldOutPoint>? evaluate;
    private readonly List<(string Name, Tensor Value)> trainable;
    private readonly TrainingJournal journal;
    private bool saidNothingLearned;

    public PolicyLoop(
        IAnswerSource source, PolicyModels models, PolicyObjective objective, RolloutOptions rollouts, TrainingOptions options, TrainingContext context,
        Lagrange? lagrange, MaskPolicy? mask, Func<IReadOnlyDictionary<string, string>> fingerprint, Func<int, HeldOutPoint>? evaluate)
    {
        (this.source, this.models, this.objective, this.rollouts, this.options, this.context, this.lagrange, this.mask, this.evaluate) =
            (source, models, objective, rollouts, options, context, lagrange, mask, evaluate);
        trainable = [.. models.Weights];
        advantages = new(objective, rollouts, lagrange);
        policy = new(objective.KlWeight, lagrange);
        journal = new(objective.Name, source.Updates, trainable, options, context, fingerprint);
    }

    /// <summary>What the state counts.</summary>
    public PolicyState Counts => policy;

    private TrainingState State => journal.State;

    /// <summary>Trains; the state when it ended, whether patience ran out before the last planned rollout, and the time.</summary>
    public (TrainingState State, bool StoppedEarly, double Seconds) Run()
    {
        var watch = Stopwatch.StartNew();
        using var optimiser = new AdamW(trainable, options.AdamW);
        using var step = new UpdateStep(trainable, optimiser, options.MaxGradientNorm);
        journal.Begin(optimiser, policy.Tensors.Concat(mask?.State ?? []));
        UpdateStep.SetGradients(trainable, true);
        try
        {
            while (true)
            {
                // 6.
                if (IsEvaluationDue())
                    journal.Add(OrStop(() => evaluate!(State.Update)));
                var ended = IsDone() || journal.IsOutOfPatience;
                if (ended || IsDue(options.CheckpointEvery))
                    journal.Save();
                if (ended)
                    break;

                // 1.
                using var answers = OrStop(() => source.Next(policy));
                mask?.AfterRollout(policy.Count(PolicyNumber.Rollouts));
                State.Tokens += answers.Tokens;
                if (answers.Rows.Count == 0 || !Learn(answers, step))
                    SayWhyNothingIsLearned(answers);
            }
        }
        finally
        {
            UpdateStep.SetGradients(trainable, false);
        }

        journal.End();
        return (State, !IsDone(), watch.Elapsed.TotalSeconds);

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
                journal.Save();
                throw;
            }
        }
    }

    public void Dispose()
    {
        policy.Dispose();
        journal.Dispose();
    }

    // Nothing is logged of a rollout that makes no update.
    private void SayWhyNothingIsLearned(Answers answers)
    {
        var why = answers.Rows.Count == 0
            ? $"in all {answers.Counts[AnswerNumbers.EqualGroupsDropped]} groups all samples have the same reward, so there is nothing to learn from. Take harder or easier prompts, more samples of each, a higher temperature, or a finer reward"
            : $"all {answers.Rows.Count} answers reached the limit of {rollouts.MaxNewTokens} tokens, and what is cut is not learned from. Raise the limit, or learn from truncated answers too";
        if (!saidNothingLearned)
            context.OnWarning?.Invoke($"rollout {policy.Count(PolicyNumber.Rollouts)}: {why}");
        saidNothingLearned = true;
    }

    // False when no update came of it.
    private bool Learn(Answers answers, UpdateStep step)
    {
        var before = State.Update;
        var rollout = policy.Count(PolicyNumber.Rollouts) - 1;

        // 2.
        Inform(answers);

        // 3.
        if (lagrange is not null)
            policy.Lagrange = lagrange.Next(policy.Lagrange, answers.Costs!.Average(c => (double)c));
        var known = advantages.Fill(answers, policy[PolicyNumber.KlWeight], policy.Lagrange.Lambda);
        foreach (var (name, value) in AnswerNumbers.Of(answers))
            known[name] = value;
        if (known.TryGetValue("fraction_zero_std", out var equal))
            known["fraction_zero_std"] = AnswerNumbers.EqualGroups(answers, equal);
        if (lagrange is not null)
            (known["cost"], known["cost_multiplier"]) = (policy.Lagrange.Costs[^1], policy.Lagrange.Lambda);
        if (objective.NeedsReference)
            known["kl_weight"] = policy[PolicyNumber.KlWeight];

        // 4.
        for (var iteration = 0; iteration < rollouts.Iterations; iteration++)
        {
            var windows = source.Pass(answers, rollout, iteration);
            for (var w = 0; w < windows.Count && !IsFull(); w++)
            {
                journal.Add(Update(answers, windows[w], windows.Sum(x => x.Count), step, rollout, fresh: iteration == 0 && w == 0, known));
                // What is known of the rollout is logged with its first update.
                known = [];
            }
        }

        // 5.
        if (rollouts.AdaptiveKl is { } controller && answers[Grids.Reference] is { } reference)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var kl = (answers.Whole - reference).sum(-1).mean().to(ScalarType.Float64).item<double>();
            policy[PolicyNumber.KlWeight] = controller.Next(policy[PolicyNumber.KlWeight], kl, answers.Rows.Count);
        }

        return State.Update > before;
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
            // A correction for the sampler is the distance of what the two say, so the trainer has to say it too.
            var allowed = forest.Allowed(answers, rows, models.Model.Config.VocabularySize, models.Model.Device);
            if (answers[Grids.Sampled] is null || objective.Correction is not null)
                answers.Put(Grids.Old, rows, allowed is null ? models.LogProbs(forest) : models.Policy(forest, entropyLearns: false, allowed).LogProbs, answers.Width);
            if (objective.NeedsReference)
                answers.Put(Grids.Reference, rows, models.Reference(forest), answers.Width);
            if (objective.NeedsReference && allowed is not null)
                answers.Put(Grids.Unmasked, rows, models.LogProbs(forest), answers.Width);
            var valued = rollouts.ScorePosition == ScorePosition.LastToken ? forest : AnswerForest.Of(answers, rows, r => advantages.ValueLength(answers, r));
            if (models.Critic is { } critic)
                answers.Put(Grids.Values, rows, valued.Grid.Spread(critic.Values(valued.Batch)), width);
            if (models.CostCritic is { } costCritic)
                answers.Put(Grids.CostValues, rows, valued.Grid.Spread(costCritic.Values(valued.Batch)), width);
        }
    }

    private TrainingStep Update(
        Answers answers, IReadOnlyList<int[]> window, int microBatches, UpdateStep step, int rollout, bool fresh, Dictionary<string, double> known)
    {
        using var scope = NewDisposeScope();
        var update = State.Update;
        UpdateSeed.Use(options.Seed, update);
        var part = new PolicyUpdate(answers, models, objective, rollouts, advantages, window, (double)window.Count / microBatches)
        {
            KlWeight = policy[PolicyNumber.KlWeight],
        };
        step.Begin();
        foreach (var rows in window)
        {
            using var batch = NewDisposeScope();
            step.Add(part.Evaluate(rows, fresh, $"{objective.Name}: update {update + 1}"));
        }

        var schedule = options.Schedule with { Updates = rollouts.RateStep == RateStep.Update ? source.Updates : source.Rollouts };
        var rate = schedule.RateOf(rollouts.RateStep == RateStep.Update ? update : rollout);
        var (loss, norm, metrics) = step.Take($"{objective.Name}: update {update + 1}", rate);
        var all = new Dictionary<string, double>(metrics.Concat(known));
        if (part.SamplerDifference is { } difference)
            all["sampler_max_difference"] = difference;
        return new(update + 1, rate, loss, norm, State.Tokens, all);
    }

    private bool IsFull() => options.MaxUpdates is { } most && State.Update >= most;

    // A rollout that lost answers makes fewer updates, or none: there are at most as many rollouts as updates are wanted.
    private bool IsDone() => IsFull() || policy.Count(PolicyNumber.Rollouts) >= (options.MaxUpdates ?? source.Rollouts);

    private bool IsEvaluationDue() => evaluate is not null
        && (State.Update == 0 || IsDone() || IsDue(options.EvaluateEvery)) && State.HeldOut.All(p => p.Update != State.Update);

    // A rollout may make several updates: due is what lies in the last of them.
    private bool IsDue(int every) => every > 0 && State.Update > 0 && State.Update / every > (State.Update - UpdatesOfLastRollout()) / every;

    private int UpdatesOfLastRollout() => State.Update - State.Curve.FindLastIndex(s => s.Metrics.ContainsKey("reward"));
}
