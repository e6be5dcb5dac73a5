using System.Diagnostics;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Catalogue;
using Alidade.Training.Trainers;
using TorchSharp;

namespace Alidade.Training.Jobs;

/// <summary>What a training will do, before it does it.</summary>
public sealed record TrainingForecast
{
    /// <summary>Steps that are timed; the first warms up.</summary>
    private const int MeasuredSteps = 2;

    /// <summary>Name of the objective.</summary>
    public required string Objective { get; init; }

    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>Weights that are trained.</summary>
    public required long TrainedWeights { get; init; }

    /// <summary>Whether they are an adapter's.</summary>
    public required bool IsAdapter { get; init; }

    /// <summary>The data file.</summary>
    public required string File { get; init; }

    /// <summary>Rows to train on.</summary>
    public required int Rows { get; init; }

    /// <summary>Rows that are held out.</summary>
    public required int HeldOutRows { get; init; }

    /// <summary>Rows left out, by reason.</summary>
    public required IReadOnlyDictionary<string, int> Dropped { get; init; }

    /// <summary>Rows that lose their end.</summary>
    public required int Truncated { get; init; }

    /// <summary>Rows that are kept although there is something to know about them, by what it is.</summary>
    public required IReadOnlyDictionary<string, int> Noted { get; init; }

    /// <summary>Rows whose learned part holds no token at which the model stops.</summary>
    public required int WithoutEnd { get; init; }

    /// <summary>Prompts after which the model's context ends before an answer has as many tokens as it may.</summary>
    public required int AnswersBeyondContext { get; init; }

    /// <summary>Tokens of one pass over the rows, a shared prompt once.</summary>
    public required long Tokens { get; init; }

    /// <summary>Those of them that are learned from.</summary>
    public required long ScoredTokens { get; init; }

    /// <summary>Tokens of the longest row.</summary>
    public required int LongestRow { get; init; }

    /// <summary>Reward models that are trained one after the other; 1 where there is no ensemble.</summary>
    public required int Members { get; init; }

    /// <summary>Updates of the whole training; of an ensemble those of each member.</summary>
    public required int Updates { get; init; }

    /// <summary>Whether the model learns from its own answers; the rows are prompts then, and updates see answers.</summary>
    public required bool LearnsFromRewards { get; init; }

    /// <summary>Whether it learns in rounds, of which each finds itself what it learns from: then updates are the most that there may be.</summary>
    public required bool InRounds { get; init; }

    /// <summary>Rows of an update.</summary>
    public required int RowsPerUpdate { get; init; }

    /// <summary>Passes over the rows.</summary>
    public required double Passes { get; init; }

    /// <summary>The highest learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Memory.</summary>
    public required MemoryEstimate Memory { get; init; }

    /// <summary>Whether activations are computed again, and what there is to know of memory.</summary>
    public required MemoryChoice Choice { get; init; }

    /// <summary>Tokens per second of a measured step; null when nothing was measured.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Seconds of an update with its share of a rollout, where the model learns from its own answers; null elsewhere and when nothing was measured.</summary>
    public double? SecondsPerUpdate { get; init; }

    /// <summary>Seconds of all updates of all members at that speed, evaluation and checkpoints aside; null when nothing was measured.</summary>
    public double? Seconds => SecondsPerUpdate is { } each ? each * Updates : TokensPerSecond is { } speed ? Members * Tokens * Passes / speed : null;

    /// <summary>What a person should know of the rows before training begins, a line each: what is left out and why, what is cut, what does not show the model how an answer ends.</summary>
    public IReadOnlyList<string> RowNotes()
    {
        string Of(string what, int count) => FormattableString.Invariant($"{what} ({count:n0})");
        var all = Rows + HeldOutRows + Dropped.Values.Sum();
        string?[] notes =
        [
            Dropped.Count == 0 ? null : FormattableString.Invariant(
                $"{Dropped.Values.Sum():n0} of {all:n0} rows left out: {string.Join(", ", Dropped.OrderByDescending(d => d.Value).ThenBy(d => d.Key, StringComparer.Ordinal).Select(d => Of(d.Key, d.Value)))}"),
            Truncated == 0 ? null : Of("rows cut to the maximum length", Truncated),
            .. Noted.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => Of(n.Key, n.Value)),
            AnswersBeyondContext == 0 ? null : Of("prompts whose answers end at the model's context, before rollouts.max_new_tokens", AnswersBeyondContext),
            WithoutEnd == 0 ? null : Of("rows that never show the model how an answer ends", WithoutEnd),
        ];
        return [.. notes.OfType<string>()];
    }

    /// <summary>Foresees a training; nothing is run.</summary>
    /// <param name="objective">The objective.</param>
    /// <param name="model">The model.</param>
    /// <param name="adapter">The adapter that is trained; null where every weight is.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="recipe">Every setting.</param>
    /// <param name="available">Bytes of main memory that training can take; null to look.</param>
    /// <exception cref="AlidadeException">A setting is out of its range, or no row would teach the model to stop.</exception>
    public static TrainingForecast Of(KnownObjective objective, CausalLM model, LoraAdapter? adapter, PreparedRows rows, TrainRecipe recipe, long? available = null)
    {
        recipe.Training.Validate();
        var shown = rows.Shown().ToArray();
        var lengths = shown.Select(r => r.Stretches.Sum(s => s.Ids.Count)).ToArray();
        var scored = shown.Select(r => r.Stretches.Sum(s => s.Scored.Count(x => x))).ToArray();
        var trained = Trained.WeightsOf(model, adapter).Sum(w => w.Value.numel());
        var withoutEnd = model.EndTokens.Count == 0 || !objective.Family.TeachesAnswers ? 0 : shown.Count(r => !Ends(r, model.EndTokens));
        if (recipe.Data.NeedsEnd && withoutEnd == shown.Length)
            throw new AlidadeException(
                $"{rows.File.Path}: no row holds a token at which the model stops ({string.Join(", ", ModelSummary.Of(model).EndTokens)}) in the part that is learned, so it would never learn to stop: set data.end_token, or data.needs_end to false");
        var options = recipe.Training;
        var perUpdate = options.BatchRows * options.Accumulation;
        var plan = rows.PlanFor(options);
        var updates = plan?.Updates ?? new TrainingPlan(rows.Rows, options, rows.LeastRows).Updates;
        var batches = TrainingPlan.MicroBatches(Enumerable.Range(0, rows.Rows), options.BatchRows, rows.LeastRows);
        var learned = plan is null ? updates / Math.Ceiling((double)batches.Count / options.Accumulation) : (double)plan.Prompts / rows.Rows;
        // Of prompts a micro-batch holds answers, each as long as it may be.
        var answer = rows.Rollouts?.MaxNewTokens ?? 0;
        var answers = answer * (plan?.AnswersOfRow ?? 1);
        var largest = lengths.Zip(scored, (l, s) => (First: l + answers, Second: s + answers)).OrderByDescending(l => l.First).Take(plan is null ? batches.Max(b => b.Length) : options.BatchRows).ToArray();
        MemoryEstimate Memory(bool recomputed) => MemoryEstimate.Of(model, trained, adapter is not null, largest.Sum(l => (long)l.First), largest.Sum(l => (long)l.Second), recomputed);
        var (kept, again) = (Memory(false), Memory(true));
        // Of the memory of an accelerator nothing is known.
        var choice = MemoryChoice.Of(kept, again, model.Device.type == DeviceType.CPU ? available ?? AvailableMemory.Bytes() : null, options.RecomputeActivations);
        return new()
        {
            Objective = objective.Name,
            Model = model.Name,
            TrainedWeights = trained,
            IsAdapter = adapter is not null,
            File = rows.File.Path,
            Rows = rows.Rows,
            HeldOutRows = rows.HeldOutRows,
            Dropped = rows.Dropped,
            Truncated = rows.Truncated,
            Noted = rows.Noted,
            WithoutEnd = withoutEnd,
            AnswersBeyondContext = plan is null ? 0 : lengths.Count(l => l + answer > model.Config.ContextLength),
            Tokens = lengths.Sum(l => (long)l),
            ScoredTokens = scored.Sum(l => (long)l),
            LongestRow = lengths.Max(),
            Members = recipe.Members,
            Updates = updates,
            LearnsFromRewards = objective.Family.LearnsFromRewards,
            InRounds = rows.PlanOfRounds is not null,
            RowsPerUpdate = perUpdate,
            Passes = learned,
            LearningRate = options.Schedule.LearningRate,
            Memory = choice.Recomputed ? again : kept,
            Choice = choice,
        };
    }

    /// <summary>The same with the speed of a micro-batch of typical rows: forward, backward and a step at learning rate 0, which changes no weight.</summary>
    public TrainingForecast Measured(LoraAdapter? adapter, PreparedRows rows, TrainRecipe recipe, CancellationToken cancellation)
    {
        // What a round learns is found when its answers have been judged, which those of a few prompts do not tell.
        if (InRounds)
            return this;
        // Where the model answers itself, two whole rollouts are measured: sampling is a part of them.
        var typical = rows.Typical(rows.Rollouts?.Prompts ?? Math.Max(rows.LeastRows, recipe.Training.BatchRows));
        var rollout = rows.Rollouts?.PlanFor(typical.Rows, recipe.Training with { Epochs = 1, MaxUpdates = null }).Updates ?? 0;
        var options = recipe.Training with
        {
            BatchRows = rollout > 0 ? recipe.Training.BatchRows : Math.Max(rows.LeastRows, typical.Rows),
            Accumulation = rollout > 0 ? recipe.Training.Accumulation : 1,
            Epochs = MeasuredSteps,
            MaxUpdates = null,
            Schedule = new() { Kind = Optimisation.ScheduleKind.Constant, LearningRate = 0 },
            Order = DataOrder.Sequential,
            Keep = FinalWeights.Last,
            RecomputeActivations = Choice.Recomputed,
            Patience = 0,
        };
        var times = new List<double>();
        var watch = Stopwatch.StartNew();
        typical.Train(adapter, options, new() { OnStep = _ => times.Add(watch.Elapsed.TotalSeconds), Cancellation = cancellation });
        using var process = Process.GetCurrentProcess();
        var measured = this with { Memory = Memory with { MeasuredPeak = process.PeakWorkingSet64 } };
        // A rollout that lost answers makes fewer updates, or none: then nothing is known of their time.
        if (SecondsOf(times, Math.Max(1, rollout)) is not { } seconds)
            return measured;
        return rollout > 0
            ? measured with { SecondsPerUpdate = seconds }
            : measured with { TokensPerSecond = typical.Shown().Sum(r => (long)r.Stretches.Sum(s => s.Ids.Count)) / Math.Max(1e-9, seconds) };
    }

    // Seconds of an update: without the first ones, which warm up, where there are others; null where there is none.
    private static double? SecondsOf(List<double> times, int first) =>
        times.Count > first ? (times[^1] - times[first - 1]) / (times.Count - first) : times.Count > 0 ? times[^1] / times.Count : null;

    private static bool Ends(ShownRow row, IReadOnlySet<int> ends) => row.Stretches.Where(s => s.Scored.Contains(true)).All(s => s.Ids.Zip(s.Scored).Any(t => t.Second && ends.Contains(t.First)));
}
