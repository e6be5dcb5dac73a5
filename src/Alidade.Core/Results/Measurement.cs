namespace Alidade.Core.Results;

/// <summary>Which way a number should move; <see cref="Neutral"/> numbers describe and are not judged.</summary>
public enum Direction
{
    /// <summary>Higher is better.</summary>
    Higher,

    /// <summary>Lower is better.</summary>
    Lower,

    /// <summary>Closer to <see cref="Measurement.Ideal"/> is better.</summary>
    TowardsIdeal,

    /// <summary>Neither.</summary>
    Neutral,
}

/// <summary>What a result cost.</summary>
/// <param name="Tokens">Tokens that went through the model: read and generated together.</param>
/// <param name="Seconds">Wall-clock seconds.</param>
public sealed record Cost(long Tokens, double Seconds);

/// <summary>One item of a measure: what went in, what came out, its score or the reason for having none.</summary>
public sealed record ItemResult
{
    /// <summary>Stable id of the item within its measure; the same before and after, so that runs can be compared item by item.</summary>
    public required string Id { get; init; }

    /// <summary>What the model was given, as a person would read it.</summary>
    public required string Input { get; init; }

    /// <summary>What the model gave: generated text, or the readable form of the log-probabilities that decided.</summary>
    public required string Output { get; init; }

    /// <summary>The item's score; null when it has none, and then <see cref="Why"/> says the reason.</summary>
    public double? Score { get; init; }

    /// <summary>Why the score is what it is, or why there is none.</summary>
    public string? Why { get; init; }

    /// <summary>True when the input or the output was cut.</summary>
    public bool Truncated { get; init; }

    /// <summary>Items of one cluster (one question, one template) are not independent; null when each stands alone.</summary>
    public string? Cluster { get; init; }
}

/// <summary>A number with everything that is needed to believe it.</summary>
public sealed record Measurement
{
    /// <summary>Dotted name, such as <c>bias.crows_pairs</c> or <c>factuality.truthfulqa.mc1</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What the number is, in one plain sentence, with its formula where there is one.</summary>
    public required string Meaning { get; init; }

    /// <summary>The number; null when no item could be scored.</summary>
    public double? Value { get; init; }

    /// <summary>Unit, such as "share", "nats per token", "perplexity".</summary>
    public required string Unit { get; init; }

    /// <summary>Which way is better.</summary>
    public Direction Direction { get; init; } = Direction.Neutral;

    /// <summary>The best value when <see cref="Direction"/> is <see cref="Direction.TowardsIdeal"/>.</summary>
    public double? Ideal { get; init; }

    /// <summary>Interval of <see cref="Value"/>; null when there are too few items for one.</summary>
    public Interval? Interval { get; init; }

    /// <summary>Scored items.</summary>
    public required int Count { get; init; }

    /// <summary>Items without a score, by reason.</summary>
    public IReadOnlyDictionary<string, int> Unscored { get; init; } = new Dictionary<string, int>();

    /// <summary>Scored items whose input or output was cut.</summary>
    public int Truncated { get; init; }

    /// <summary>What it cost.</summary>
    public required Cost Cost { get; init; }
}

/// <summary>A measurement with the items behind it.</summary>
/// <param name="Measurement">The number.</param>
/// <param name="Items">Every item, scored or not, in the order of the data.</param>
public sealed record MeasureResult(Measurement Measurement, IReadOnlyList<ItemResult> Items);
