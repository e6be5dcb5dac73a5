using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Ranking;

namespace Alidade.Training.Trainers;

/// <summary>What trainers on prompts with answers share: what is trained, and what it is measured against.</summary>
/// <typeparam name="TRow">A row as tokens.</typeparam>
public abstract record AnswerTrainer<TRow>
{
    /// <summary>The model; its weights are changed in place unless an adapter is trained.</summary>
    public required CausalLM Model { get; init; }

    /// <summary>The adapter to train while the model stays as it is; null trains every weight of the model.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>What preferences are measured against. Default the policy as it is when training begins. Ignored by objectives without a reference.</summary>
    public ReferenceModel Reference { get; init; } = ReferenceModel.Start;

    /// <summary>Another model as the reference, in place of <see cref="Reference"/>; it is neither changed nor disposed. Null for none.</summary>
    public CausalLM? OtherReference { get; init; }

    /// <summary>Lets the reference follow the policy (TR-DPO), from which it starts; null: it stays. A copy of the trained weights is kept for it.</summary>
    public MovingReference? MovingReference { get; init; }

    /// <summary>Settings of the loop.</summary>
    public required TrainingOptions Options { get; init; }

    /// <summary>Trains.</summary>
    /// <param name="rows">Rows to learn from.</param>
    /// <param name="heldOut">Rows for evaluation alone; empty for none.</param>
    /// <param name="context">Checkpoints, progress, cancellation.</param>
    /// <exception cref="AlidadeException">Settings or rows cannot be used, or the loss is no longer a number.</exception>
    /// <exception cref="OperationCanceledException">Training was cancelled; with a folder it can be resumed.</exception>
    public TrainingResult Train(TokenRows<TRow> rows, IReadOnlyList<TRow>? heldOut = null, TrainingContext? context = null)
    {
        using var reference = NeedsReference ? Trainers.Reference.Of(Model, Adapter, Reference, OtherReference, MovingReference) : null;
        using var task = TaskOf(rows.Rows, reference, null);
        using var evaluation = heldOut is { Count: > 0 } ? TaskOf(heldOut, reference, task) : null;
        return Trained.Run(Model, Adapter, task, evaluation, Options, context ?? new(), rows.Dropped, rows.Truncated);
    }

    private protected abstract bool NeedsReference { get; }

    /// <summary>The task of some rows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="reference">The reference; null when none is needed.</param>
    /// <param name="training">The task that is trained on, when these are held-out rows; else null.</param>
    private protected abstract AnswerTask<TRow> TaskOf(IReadOnlyList<TRow> rows, Reference? reference, AnswerTask<TRow>? training);
}
