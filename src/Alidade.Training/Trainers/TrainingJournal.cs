using Alidade.Core;
using Alidade.Training.Checkpoints;
using Alidade.Training.Optimisation;
using Alidade.Training.Watching;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>What every loop keeps and tells, whatever its updates are made of: the curve with its warnings and live figures, held-out evaluations, checkpoints, the best weights.</summary>
internal sealed class TrainingJournal : IDisposable
{
    private readonly string name;
    private readonly int updates;
    private readonly IReadOnlyList<(string Name, Tensor Value)> trainable;
    private readonly TrainingOptions options;
    private readonly TrainingContext context;
    private readonly CheckpointFolder? checkpoints;
    private readonly BestWeights best;
    private readonly CurveWatcher watcher = new();
    private IReadOnlyList<(string Name, Tensor Value)> kept = [];
    private AdamW? optimiser;
    private LiveFigures? figures;

    /// <param name="name">Name of the objective.</param>
    /// <param name="updates">Updates of the whole training, as planned.</param>
    /// <param name="trainable">What is trained.</param>
    /// <param name="options">Settings of the loop.</param>
    /// <param name="context">Folder, and whom to tell.</param>
    /// <param name="fingerprint">What a checkpoint must agree with besides the settings and the shapes of the weights; asked for where there are checkpoints.</param>
    /// <exception cref="AlidadeException">The folder holds another training already.</exception>
    public TrainingJournal(
        string name, int updates, IReadOnlyList<(string Name, Tensor Value)> trainable, TrainingOptions options, TrainingContext context, Func<IReadOnlyDictionary<string, string>> fingerprint)
    {
        (this.name, this.updates, this.trainable, this.options, this.context) = (name, updates, trainable, options, context);
        best = new(trainable, context.Folder);
        if (context.Folder is null)
            return;
        checkpoints = new(context.Folder, new(fingerprint())
        {
            // What changes no number may differ.
            ["settings"] = Fingerprints.Of(options with { CheckpointEvery = 0, KeepCheckpoints = 1, RecomputeActivations = null }),
            ["trained weights"] = string.Join(' ', trainable.Select(t => $"{t.Name}[{string.Join(',', t.Value.shape)}]")),
        }, options.KeepCheckpoints);
        if (!context.Resume && checkpoints.Any)
            throw new AlidadeException($"'{context.Folder}' holds checkpoints of a training already: resume it, or name another folder");
    }

    /// <summary>What is known so far.</summary>
    public TrainingState State { get; private set; } = new();

    /// <summary>True when the held-out loss has not been lower for as many evaluations as the settings allow.</summary>
    public bool IsOutOfPatience =>
        options.Patience > 0 && State.BestUpdate is { } update && State.HeldOut.Count(p => p.Update > update) >= options.Patience;

    /// <summary>Begins, at the newest checkpoint where a training is resumed.</summary>
    /// <param name="own">The optimiser.</param>
    /// <param name="beside">What a checkpoint keeps besides the weights.</param>
    public void Begin(AdamW own, IEnumerable<(string Name, Tensor Value)> beside)
    {
        (optimiser, kept) = (own, [.. trainable, .. beside]);
        State = (context.Resume ? checkpoints?.LoadNewest(kept, own, context.OnWarning) : null) ?? new();
        // What was seen before a stop has been said.
        watcher.Look(State.Curve);
        figures = new(State.Tokens, updates);
    }

    /// <summary>Writes a checkpoint, where there is a folder for it.</summary>
    public void Save() => checkpoints?.Save(State, kept, optimiser!);

    /// <summary>Adds an update and tells of it.</summary>
    public void Add(TrainingStep step)
    {
        (State.Update, State.Tokens) = (step.Update, step.Tokens);
        State.Curve.Add(step);
        context.OnStep?.Invoke(step);
        context.Progress?.Report(new(name.ToUpperInvariant(), step.Update, updates, figures!.Of(step)));
        watcher.Tell(State.Curve, context.OnWarning);
    }

    /// <summary>Adds an evaluation, tells of it, and keeps the weights where they are the best so far and wanted.</summary>
    public void Add(HeldOutPoint point)
    {
        State.HeldOut.Add(point);
        context.OnHeldOut?.Invoke(point);
        if (options.Keep == FinalWeights.Best && State.BestUpdate == State.Update)
            best.Keep(State.Update);
    }

    /// <summary>Puts the best weights back, where the settings want them.</summary>
    public void End()
    {
        if (options.Keep == FinalWeights.Best && State.BestUpdate is { } update)
            best.Restore(update);
    }

    public void Dispose() => best.Dispose();
}
