using Alidade.Core.Statistics;
using Alidade.Training.Trainers;
using Alidade.Training.Trainers.Policy;

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

    /// <summary>Prompts, answers or pairs that say nothing though they were to be judged, by reason: unscored, ties.</summary>
    public required IReadOnlyDictionary<string, int> LeftOut { get; init; }

    /// <summary>Answers with a score that the method does not learn from, by reason: a lower reward, a copy.</summary>
    public IReadOnlyDictionary<string, int> NotChosen { get; init; } = new Dictionary<string, int>();

    /// <summary>Mean reward of the sampled answers that have one; null where a judge compares and no reward is known.</summary>
    public MeanEstimate? Reward { get; init; }

    /// <summary>Updates of the round's training.</summary>
    public int Updates { get; init; }

    /// <summary>Tokens of the rows that were learned.</summary>
    public long Tokens { get; init; }

    /// <summary>Numbers of every update, counted on from the rounds before.</summary>
    public IReadOnlyList<TrainingStep> Curve { get; init; } = [];

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
public sealed record LoopResult(string Method, IReadOnlyList<LoopRound> Rounds, MeanEstimate? Before, double Seconds)
{
    /// <summary>Held-out answers without a score before the first round.</summary>
    public int BeforeUnscored { get; init; }

    /// <summary>Rounds that were not made, since the first of them found nothing to learn.</summary>
    public int RoundsLeftOut { get; init; }

    /// <summary>The measures of held-out prompts, from before the first round on; empty without such prompts.</summary>
    public IReadOnlyList<LoopMeasure> Measures => Before is null && BeforeUnscored == 0 ? []
        : [new(0, Before, BeforeUnscored), .. Rounds.Select((r, i) => new LoopMeasure(Rounds.Take(i + 1).Sum(x => x.Updates), r.HeldOut, r.HeldOutUnscored))];
}

/// <summary>The policy on held-out prompts.</summary>
/// <param name="Updates">Updates done before.</param>
/// <param name="Reward">Mean reward of its answers; null where none could be scored.</param>
/// <param name="Unscored">Answers without a score.</param>
public sealed record LoopMeasure(int Updates, MeanEstimate? Reward, int Unscored);

/// <summary>What surrounds a method in rounds.</summary>
public sealed record LoopContext
{
    /// <summary>Folder in which every round is kept; null for none, then the method cannot be resumed.</summary>
    public string? Folder { get; init; }

    /// <summary>Continue from what stands in <see cref="Folder"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>Told of sampling and training.</summary>
    public IProgress<Alidade.Core.Progress>? Progress { get; init; }

    /// <summary>Given every update's numbers, counted on from round to round. After a resume the updates since the checkpoint come again, with the same numbers.</summary>
    public Action<TrainingStep>? OnStep { get; init; }

    /// <summary>Given the policy's answers to held-out prompts at every measure, with the updates done.</summary>
    public Action<int, IReadOnlyList<HeldOutAnswer>>? OnAnswers { get; init; }

    /// <summary>Given every measure of held-out prompts.</summary>
    public Action<LoopMeasure>? OnHeldOut { get; init; }

    /// <summary>Told once of each sign of a silent failure in a round, and of a checkpoint that cannot be used.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Given every round when it is done.</summary>
    public Action<LoopRound>? OnRound { get; init; }

    /// <summary>Looked at between tokens and micro-batches.</summary>
    public CancellationToken Cancellation { get; init; }
}
