using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Architecture;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reward;

namespace Alidade.Training.Trainers;

/// <summary>
/// Training of a model that scores whole answers at their last tokens: a reward model of pairs or ranked lists, a cost model, a classifier, a rubric. The score is that of the
/// model's scoring head (<see cref="CausalLM.AddScoringHead(int, ulong)"/>) or of the adapter's (<see cref="LoraOptions.ScoringLabels"/>).
/// </summary>
/// <remarks>
/// Number for number TRL 1.16 <c>RewardTrainer</c> on the same pairs, order and settings. Saved, the model is a sequence-classification folder of the hub, and the adapter
/// a PEFT folder that keeps its head.
/// </remarks>
public sealed record RewardTrainer
{
    /// <summary>The model; its weights are changed in place unless an adapter is trained.</summary>
    public required CausalLM Model { get; init; }

    /// <summary>The adapter to train, with its head, while the model stays as it is; null trains every weight of the model.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>The objective. Default Bradley–Terry on pairs.</summary>
    public IRewardObjective Objective { get; init; } = new PairwiseReward();

    /// <summary>The cuts between the levels of an <see cref="OrdinalReward"/>, which are learned in place; null for evenly spaced ones that stay. The caller disposes them.</summary>
    public OrdinalCuts? Cuts { get; init; }

    /// <summary>Settings of the loop.</summary>
    public required TrainingOptions Options { get; init; }

    /// <summary>Trains.</summary>
    /// <param name="rows">Rows to learn from.</param>
    /// <param name="heldOut">Rows for evaluation alone; empty for none.</param>
    /// <param name="context">Checkpoints, progress, cancellation.</param>
    /// <exception cref="AlidadeException">Settings, rows or the head cannot be used, or the loss is no longer a number.</exception>
    /// <exception cref="OperationCanceledException">Training was cancelled; with a folder it can be resumed.</exception>
    public TrainingResult Train(TokenRows<RewardTokens> rows, IReadOnlyList<RewardTokens>? heldOut = null, TrainingContext? context = null)
    {
        if (Cuts is not null && Objective is not OrdinalReward)
            throw new AlidadeException($"'{Objective.Name}' has no levels, so there are no cuts between them to learn: leave the cuts out, or train with the ordinal objective");
        CheckHead(Model, Adapter, Objective.Name, Objective is ClassificationReward ? null : 1);
        var task = new RewardTask(Model, Objective, rows.Rows, Cuts);
        var evaluation = heldOut is { Count: > 0 } ? new RewardTask(Model, Objective, heldOut, Cuts) : null;
        // Cuts are shifts: like biases they do not decay.
        return Trained.Run(
            Model, Adapter, task, evaluation, Options, context ?? new(), rows.Dropped, rows.Truncated,
            Cuts is { } cuts ? [("ordinal.first_cut.bias", cuts.First), ("ordinal.raw_gaps.bias", cuts.RawGaps)] : null);
    }

    /// <summary>Says before training what the head lacks.</summary>
    /// <param name="model">The model.</param>
    /// <param name="adapter">The adapter that is trained.</param>
    /// <param name="objective">Name of the objective.</param>
    /// <param name="outputs">Scores that it needs; null for two or more.</param>
    internal static void CheckHead(CausalLM model, LoraAdapter? adapter, string objective, int? outputs)
    {
        using var use = model.Use(adapter);
        if (!model.HasScoringHead)
            throw new AlidadeException($"{model.Name} has no scoring head to train for '{objective}'; add one to the model, or make the adapter with one (ScoringLabels)");
        if (outputs is { } needed ? model.ScoringLabels != needed : model.ScoringLabels < 2)
            throw new AlidadeException($"the scoring head of {model.Name} gives {model.ScoringLabels} scores, and '{objective}' needs {(outputs is { } exact ? $"{exact}" : "2 or more")}");
        if (adapter is not null && !adapter.Replacements.ContainsKey(ScoringConfig.WeightName))
            throw new AlidadeException($"adapter '{adapter.Name}' does not train the scoring head of {model.Name}; name 'score' among its saved modules");
    }
}
