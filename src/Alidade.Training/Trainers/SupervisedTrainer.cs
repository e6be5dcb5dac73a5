using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Supervised;

namespace Alidade.Training.Trainers;

/// <summary>Supervised fine-tuning of a model, or of an adapter on it, on demonstrations.</summary>
/// <remarks>Number for number TRL 1.16 <c>SFTTrainer</c> on the same rows, order and settings.</remarks>
public sealed record SupervisedTrainer
{
    /// <summary>The model; its weights are changed in place unless an adapter is trained.</summary>
    public required CausalLM Model { get; init; }

    /// <summary>The adapter to train while the model stays as it is; null trains every weight of the model.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>The objective, on log-probabilities or on logits. Default the token mean of the negative log-likelihood.</summary>
    public IDemonstrationObjective Objective { get; init; } = new Sft();

    /// <summary>
    /// The model to distil, with the same vocabulary; null for none. Where it is <see cref="Model"/> itself, its base is the teacher of the adapter that is trained.
    /// </summary>
    public CausalLM? Teacher { get; init; }

    /// <summary>Noise at the embeddings while training, never in evaluation; null for none.</summary>
    public Neftune? Noise { get; init; }

    /// <summary>Settings of the loop.</summary>
    public required TrainingOptions Options { get; init; }

    /// <summary>Trains.</summary>
    /// <param name="rows">Rows to learn from.</param>
    /// <param name="heldOut">Rows for evaluation alone; empty for none.</param>
    /// <param name="context">Checkpoints, progress, cancellation.</param>
    /// <exception cref="AlidadeException">Settings or rows cannot be used, or the loss is no longer a number.</exception>
    /// <exception cref="OperationCanceledException">Training was cancelled; with a folder it can be resumed.</exception>
    public TrainingResult Train(TokenRows<DemonstrationTokens> rows, IReadOnlyList<DemonstrationTokens>? heldOut = null, TrainingContext? context = null)
    {
        // A row of which only the first token is marked has nothing that could be predicted.
        var usable = Marked(rows.Rows.Where(r => r.Targets > 0)).ToArray();
        var dropped = new Dictionary<string, int>(rows.Dropped);
        if (usable.Length < rows.Rows.Count)
            dropped["only the first token is learned, which nothing predicts"] = rows.Rows.Count - usable.Length;
        if (usable.Length == 0)
            throw new AlidadeException("there is no demonstration to train on: every row was left out or has nothing to learn");
        if (Objective is Distillation && Teacher is null)
            throw new AlidadeException("distillation needs a teacher: give the trainer a teacher model");
        if (ReferenceEquals(Teacher, Model) && Adapter is null)
            throw new AlidadeException("a model cannot be the teacher of all of its own weights; train an adapter, or give another teacher");
        var extras = new SupervisedExtras(Teacher, Noise);
        var task = new SupervisedTask(Model, Objective, usable, extras);
        var evaluation = heldOut is { Count: > 0 } ? new SupervisedTask(Model, Objective, [.. Marked(heldOut)], extras) : null;
        return Trained.Run(Model, Adapter, task, evaluation, Options, context ?? new(), dropped, rows.Truncated);
    }

    // The tokens that repeat are marked where nobody did: what stands before the first learned token is the context.
    private IEnumerable<DemonstrationTokens> Marked(IEnumerable<DemonstrationTokens> rows) => Objective is SequenceUnlikelihood repeats
        ? rows.Select(r => r.TokenWeights is null ? r with { TokenWeights = Weights(r, repeats) } : r)
        : rows;

    private static double[] Weights(DemonstrationTokens row, SequenceUnlikelihood objective)
    {
        var start = Math.Max(0, row.Scored.ToList().IndexOf(true));
        int[] context = [.. row.Ids.Take(start)], generation = [.. row.Ids.Skip(start)];
        return [.. new double[start], .. NGramRepeats.Of(context, generation, objective.N).Weights(objective.ContextShare)];
    }
}
