using Alidade.Core.Statistics;
using Alidade.Training.Data;

namespace Alidade.Training.Loops;

/// <summary>A row that a round trains on: an answer to imitate, or a better answer beside a worse one. As a file keeps it.</summary>
/// <param name="Id">Prompt and number of the answer.</param>
/// <param name="Prompt">Ids of the prompt.</param>
/// <param name="Answer">Ids of the answer, its end token included.</param>
/// <param name="Worse">Ids of the worse answer; null for an answer to imitate.</param>
internal sealed record RoundRow(string Id, int[] Prompt, int[] Answer, int[]? Worse)
{
    /// <summary>Reward of the better answer, where a reward judged.</summary>
    public double? Reward { get; init; }

    /// <summary>Reward of the worse answer.</summary>
    public double? WorseReward { get; init; }

    /// <summary>How probable it is that the better answer wins, where a judge compared.</summary>
    public double? WinProbability { get; init; }

    /// <summary>True where a judge found the second of two answers better, false for the first.</summary>
    public bool? SecondWon { get; init; }

    /// <summary>True where the reference wrote the better answer, false where it wrote the worse one.</summary>
    public bool? FromReference { get; init; }

    public DemonstrationTokens AsDemonstration() => new(Id, [.. Prompt, .. Answer], [.. Prompt.Select(_ => false), .. Answer.Select(_ => true)]);

    public PairTokens AsPair() => new(Id, Prompt, Answer, Worse!)
    {
        ChosenScore = Reward,
        RejectedScore = WorseReward,
        WinProbability = WinProbability,
        ChosenFromReference = FromReference,
    };
}

/// <summary>What a round found before it trains.</summary>
internal sealed record RoundData
{
    public required int Prompts { get; init; }

    public required int Answers { get; init; }

    public required IReadOnlyList<RoundRow> Rows { get; init; }

    public required IReadOnlyDictionary<string, int> LeftOut { get; init; }

    public IReadOnlyDictionary<string, int> NotChosen { get; init; } = new Dictionary<string, int>();

    public MeanEstimate? Reward { get; init; }
}

/// <summary>Counts by reason.</summary>
internal sealed class ReasonCounts
{
    private readonly Dictionary<string, int> counts = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, int> Counts => counts;

    public void Add(string reason, int count = 1)
    {
        if (count > 0)
            counts[reason] = counts.GetValueOrDefault(reason) + count;
    }
}
