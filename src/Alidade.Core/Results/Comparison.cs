namespace Alidade.Core.Results;

/// <summary>What a paired comparison allows to say.</summary>
public enum Verdict
{
    /// <summary>The interval of the difference lies on the good side of zero.</summary>
    Better,

    /// <summary>The interval of the difference lies on the bad side of zero.</summary>
    Worse,

    /// <summary>
    /// The interval of the difference does not hold zero, and the number has no good side, or it moved past its ideal and is not seen to be nearer or farther.
    /// </summary>
    Changed,

    /// <summary>The interval of the difference holds zero, and nobody said which difference would matter.</summary>
    NoDifferenceSeen,

    /// <summary>The interval of the difference holds zero and lies within <see cref="Comparison.Margin"/>: a difference that matters is ruled out.</summary>
    Unchanged,

    /// <summary>The interval of the difference holds zero and reaches beyond <see cref="Comparison.Margin"/>: there may be a difference that matters.</summary>
    CannotTell,

    /// <summary>Fewer items were scored on both sides than a comparison needs.</summary>
    TooFewItems,
}

/// <summary>The same items measured twice.</summary>
public sealed record Comparison
{
    /// <summary>Name of the measure.</summary>
    public required string Name { get; init; }

    /// <summary>The measurement before.</summary>
    public required Measurement Before { get; init; }

    /// <summary>The measurement after.</summary>
    public required Measurement After { get; init; }

    /// <summary>Items scored on both sides.</summary>
    public required int Pairs { get; init; }

    /// <summary>Items scored on one side only; they are left out of the comparison.</summary>
    public int Unpaired { get; init; }

    /// <summary>After minus before over those items; null when there are none.</summary>
    public double? Difference { get; init; }

    /// <summary>Interval of <see cref="Difference"/>.</summary>
    public Interval? Interval { get; init; }

    /// <summary>Two-sided p-value of no difference, with the test's name in <see cref="Test"/>.</summary>
    public double? PValue { get; init; }

    /// <summary><see cref="PValue"/> adjusted for all the comparisons made with it (Holm); null when there is only this one.</summary>
    public double? AdjustedPValue { get; init; }

    /// <summary>Name of the test behind <see cref="PValue"/>.</summary>
    public string? Test { get; init; }

    /// <summary>The smallest difference that matters, in the unit of the number; null when nobody said.</summary>
    public double? Margin { get; init; }

    /// <summary>
    /// Items that would show a difference of <see cref="Margin"/> four times in five, where the verdict is <see cref="Verdict.CannotTell"/>; null elsewhere.
    /// </summary>
    public int? ItemsToTell { get; init; }

    /// <summary>What may be said.</summary>
    public required Verdict Verdict { get; init; }
}
