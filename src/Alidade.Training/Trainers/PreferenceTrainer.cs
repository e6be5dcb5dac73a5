using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;

namespace Alidade.Training.Trainers;

/// <summary>Preference learning of a model, or of an adapter on it, on pairs of answers.</summary>
/// <remarks>Number for number TRL 1.16 <c>DPOTrainer</c> on the same pairs, order and settings; each prompt is computed once for both of its answers.</remarks>
public sealed record PreferenceTrainer
{
    /// <summary>The model; its weights are changed in place unless an adapter is trained.</summary>
    public required CausalLM Model { get; init; }

    /// <summary>The adapter to train while the model stays as it is; null trains every weight of the model.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>The objective. Default DPO.</summary>
    public IPreferenceObjective Objective { get; init; } = new Dpo();

    /// <summary>What preferences are measured against. Default the policy as it is when training begins.</summary>
    public ReferenceModel Reference { get; init; } = ReferenceModel.Start;

    /// <summary>Settings of the loop.</summary>
    public required TrainingOptions Options { get; init; }

    /// <summary>Trains.</summary>
    /// <param name="pairs">Pairs to learn from.</param>
    /// <param name="heldOut">Pairs for evaluation alone; empty for none.</param>
    /// <param name="context">Checkpoints, progress, cancellation.</param>
    /// <exception cref="AlidadeException">Settings or pairs cannot be used, or the loss is no longer a number.</exception>
    /// <exception cref="OperationCanceledException">Training was cancelled; with a folder it can be resumed.</exception>
    public TrainingResult Train(TokenRows<PairTokens> pairs, IReadOnlyList<PairTokens>? heldOut = null, TrainingContext? context = null)
    {
        if (pairs.Rows.Count == 0)
            throw new AlidadeException("there is no pair to train on: every row was left out");
        using var task = new PreferenceTask(Model, Objective, Reference, pairs.Rows, "train");
        using var evaluation = heldOut is { Count: > 0 } ? new PreferenceTask(Model, Objective, Reference, heldOut, "held-out") : null;
        return Trained.Run(Model, Adapter, task, evaluation, Options, context ?? new(), pairs.Dropped, pairs.Truncated);
    }
}
