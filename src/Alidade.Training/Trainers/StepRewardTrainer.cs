using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reward;

namespace Alidade.Training.Trainers;

/// <summary>
/// Training of a model that scores single tokens: a process reward model, which judges each step of a solution at its end, or an outcome reward model, which foretells
/// at every token whether the answer will be right.
/// </summary>
/// <remarks>
/// Number for number TRL 1.12 <c>PRMTrainer</c> on the same rows, order and settings, but for its loss under accumulation, which is too large by the number of
/// micro-batches. A head for it is <see cref="CausalLM.AddTokenScoringHead"/>; saved, the model is a token-classification folder of the hub. An adapter trains the head
/// when "score" is among its saved modules.
/// </remarks>
public sealed record StepRewardTrainer
{
    /// <summary>The model; its weights are changed in place unless an adapter is trained.</summary>
    public required CausalLM Model { get; init; }

    /// <summary>The adapter to train, with its head, while the model stays as it is; null trains every weight of the model.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>The objective. Default the process reward.</summary>
    public IStepRewardObjective Objective { get; init; } = new ProcessReward();

    /// <summary>Settings of the loop.</summary>
    public required TrainingOptions Options { get; init; }

    /// <summary>Trains.</summary>
    /// <param name="rows">Rows to learn from.</param>
    /// <param name="heldOut">Rows for evaluation alone; empty for none.</param>
    /// <param name="context">Checkpoints, progress, cancellation.</param>
    /// <exception cref="AlidadeException">Settings, rows or the head cannot be used, or the loss is no longer a number.</exception>
    /// <exception cref="OperationCanceledException">Training was cancelled; with a folder it can be resumed.</exception>
    public TrainingResult Train(TokenRows<StepTokens> rows, IReadOnlyList<StepTokens>? heldOut = null, TrainingContext? context = null)
    {
        RewardTrainer.CheckHead(Model, Adapter, Objective.Name, Objective.Outputs);
        var task = new StepRewardTask(Model, Objective, rows.Rows);
        var evaluation = heldOut is { Count: > 0 } ? new StepRewardTask(Model, Objective, heldOut) : null;
        return Trained.Run(Model, Adapter, task, evaluation, Options, context ?? new(), rows.Dropped, rows.Truncated);
    }
}
