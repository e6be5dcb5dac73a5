using Alidade.Core.Statistics;
using Alidade.Training.Trainers;

namespace Alidade.Training.Loops;

/// <summary>What one round did.</summary>
public sealed record LoopRound
{
    /// <summary>Counted from 1.</summary>
    public required int Round { get; init; }

    /// <summary>Prompts that were answered.</summary>
    public required int Prompts { get; init; }

    /// <summary>Answers that were sampled.</summary>
    public required int Answers { get; init; }

    /// <summary>Rows that were trained on.</summary>
    public required int TrainedOn { get; init; }

    /// <summary>Prompts, answers or pairs that were not trained on though they were to be judged, by reason: unscored, ties, below the threshold.</summary>
    public required IReadOnlyDictionary<string, int> LeftOut { get; init; }

    /// <summary>Mean reward of the sampled answers that have one; null where a judge compares and no reward is known.</summary>
    public MeanEstimate? Reward { get; init; }

    /// <summary>Updates of the round's training.</summary>
    public int Updates { get; init; }

    /// <summary>Loss of the round's last update; null when nothing was trained.</summary>
    public double? Loss { get; init; }

    /// <summary>Mean reward on held-out prompts after the round; null without such prompts.</summary>
    public MeanEstimate? HeldOut { get; init; }

    /// <summary>Held-out answers without a score.</summary>
    public int HeldOutUnscored { get; init; }
}

/// <summary>What a method in rounds did.</summary>
/// <param name="Method">Its name.</param>
/// <param name="Rounds">Every round, those before a resume included.</param>
/// <param name="Before">Mean reward on held-out prompts before the first round; null without such prompts.</param>
/// <param name="Seconds">Wall time of this run, without what was done before a resume.</param>
public sealed record LoopResult(string Method, IReadOnlyList<LoopRound> Rounds, MeanEstimate? Before, double Seconds);

/// <summary>What surrounds a method in rounds.</summary>
public sealed record LoopContext
{
    /// <summary>Folder in which every round is kept; null for none, then the method cannot be resumed.</summary>
    public string? Folder { get; init; }

    /// <summary>Continue from what stands in <see cref="Folder"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>Told of sampling and training.</summary>
    public IProgress<Alidade.Core.Progress>? Progress { get; init; }

    /// <summary>Given every round when it is done.</summary>
    public Action<LoopRound>? OnRound { get; init; }

    /// <summary>Looked at between tokens and micro-batches.</summary>
    public CancellationToken Cancellation { get; init; }
}
