using Alidade.Core;
using Alidade.Training.Optimisation;

namespace Alidade.Training.Trainers;

/// <summary>In which order the rows come.</summary>
public enum DataOrder
{
    /// <summary>A new order in every epoch, from the seed.</summary>
    Shuffled,

    /// <summary>The order of the data.</summary>
    Sequential,
}

/// <summary>Which weights stand when training ends.</summary>
public enum FinalWeights
{
    /// <summary>Those of the last update.</summary>
    Last,

    /// <summary>Those with the lowest held-out loss.</summary>
    Best,
}

/// <summary>Settings of the training loop, the same for every objective.</summary>
public sealed record TrainingOptions
{
    /// <summary>Rows (or pairs) of one micro-batch. Default 8, as transformers.</summary>
    public int BatchRows { get; init; } = 8;

    /// <summary>Micro-batches of one update; the last window of an epoch may have fewer. Default 1.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>Passes over the data. Default 1. Ignored when <see cref="MaxUpdates"/> is set.</summary>
    public double Epochs { get; init; } = 1;

    /// <summary>Number of updates; the data are gone through again as often as it takes. Null: from <see cref="Epochs"/>.</summary>
    public int? MaxUpdates { get; init; }

    /// <summary>Learning rate and its course; its number of updates is filled in.</summary>
    public required Schedule Schedule { get; init; }

    /// <summary>Settings of AdamW.</summary>
    public AdamWOptions AdamW { get; init; } = new();

    /// <summary>Largest 2-norm of the gradients; 0 never clips. Default 1, as transformers.</summary>
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>Order of the rows. Default shuffled.</summary>
    public DataOrder Order { get; init; } = DataOrder.Shuffled;

    /// <summary>Seed of the order.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Updates between evaluations on held-out rows, besides one before the first and one after the last; 0 for those two alone.</summary>
    public int EvaluateEvery { get; init; }

    /// <summary>Evaluations without a lower held-out loss after which training stops; 0 for never. Default 0.</summary>
    public int Patience { get; init; }

    /// <summary>Which weights stand at the end. Default the last ones.</summary>
    public FinalWeights Keep { get; init; } = FinalWeights.Last;

    /// <summary>Updates between checkpoints, besides one after the last and one when training is stopped; 0 for those alone. Ignored without a folder.</summary>
    public int CheckpointEvery { get; init; }

    /// <summary>Checkpoints that are kept. Default 2.</summary>
    public int KeepCheckpoints { get; init; } = 2;

    /// <summary>
    /// Keep the input of each block alone and run the blocks again in the backward pass: the activations of one block in memory instead of all, for about a third more
    /// time. The gradients are the same to the bit. With hooks registered it changes nothing. Left out, a training of a recipe does it where it fits into memory so and not
    /// otherwise (<see cref="Jobs.MemoryChoice"/>); a trainer that is called from code does not.
    /// </summary>
    public bool? RecomputeActivations { get; init; }

    /// <summary>All that is wrong, in one error.</summary>
    /// <exception cref="AlidadeException">A setting is out of its range.</exception>
    public void Validate()
    {
        var problems = new List<string>();
        void Check(bool right, string problem)
        {
            if (!right)
                problems.Add(problem);
        }

        Check(BatchRows >= 1, $"rows of a batch {BatchRows} (at least 1)");
        Check(Accumulation >= 1, $"accumulation {Accumulation} (at least 1)");
        Check(Epochs > 0 && double.IsFinite(Epochs), $"epochs {Epochs} (above 0)");
        Check(MaxUpdates is null or >= 1, $"updates {MaxUpdates} (at least 1)");
        Check(Schedule.LearningRate >= 0 && double.IsFinite(Schedule.LearningRate), $"learning rate {Schedule.LearningRate} (at least 0)");
        Check(Schedule.Warmup >= 0 && double.IsFinite(Schedule.Warmup), $"warm-up {Schedule.Warmup} (at least 0)");
        Check(MaxGradientNorm >= 0, $"largest gradient norm {MaxGradientNorm} (at least 0)");
        Check(EvaluateEvery >= 0, $"updates between evaluations {EvaluateEvery} (at least 0)");
        Check(CheckpointEvery >= 0, $"updates between checkpoints {CheckpointEvery} (at least 0)");
        Check(Patience >= 0, $"patience {Patience} (at least 0)");
        Check(KeepCheckpoints >= 1, $"kept checkpoints {KeepCheckpoints} (at least 1)");
        if (problems.Count > 0)
            throw new AlidadeException($"training settings are out of range: {string.Join("; ", problems)}");
        Optimisation.AdamW.Check(AdamW);
    }
}

/// <summary>What surrounds a training run: where it keeps its checkpoints and whom it tells.</summary>
public sealed record TrainingContext
{
    /// <summary>Folder of the checkpoints; null for none, then training cannot be resumed.</summary>
    public string? Folder { get; init; }

    /// <summary>
    /// Folder of log-probabilities under references, which runs with the same reference, rows and order share: other losses, another β. Null: in <see cref="Folder"/>.
    /// </summary>
    public string? ReferenceFolder { get; init; }

    /// <summary>Continue from the newest checkpoint in <see cref="Folder"/>, if there is one.</summary>
    public bool Resume { get; init; }

    /// <summary>Told after every update.</summary>
    public IProgress<Progress>? Progress { get; init; }

    /// <summary>Given every update's numbers. After a resume the updates since the checkpoint come again, with the same numbers.</summary>
    public Action<TrainingStep>? OnStep { get; init; }

    /// <summary>Given every held-out evaluation.</summary>
    public Action<HeldOutPoint>? OnHeldOut { get; init; }

    /// <summary>Given the policy's answers to held-out prompts at every evaluation, with the updates done.</summary>
    public Action<int, IReadOnlyList<Policy.HeldOutAnswer>>? OnAnswers { get; init; }

    /// <summary>Told once of each sign of a silent failure, and of a checkpoint that cannot be used.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Looked at between micro-batches; a checkpoint of the last whole update is written before the loop ends.</summary>
    public CancellationToken Cancellation { get; init; }
}
