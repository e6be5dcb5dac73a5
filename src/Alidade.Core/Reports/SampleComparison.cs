namespace Alidade.Core.Reports;

/// <summary>One side of a sample.</summary>
/// <param name="Text">The answer.</param>
/// <param name="Judged">How it was judged, in a word or two, such as "refused"; empty when nobody judged it.</param>
/// <param name="Why">Why it was judged so; null when the judge gives no reason.</param>
/// <param name="Truncated">True when the answer was cut at the limit.</param>
public sealed record SampleSide(string Text, string Judged, string? Why = null, bool Truncated = false);

/// <summary>One prompt and its answers before and after.</summary>
/// <param name="Group">What it is a sample of; samples of one group are shown together.</param>
/// <param name="Id">Id of the item.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Before">Answer of the base model.</param>
/// <param name="After">Answer of the aligned model.</param>
public sealed record SampleComparison(string Group, string Id, string Prompt, SampleSide Before, SampleSide After)
{
    /// <summary>Answers on the way, the earliest first; empty where none were taken.</summary>
    public IReadOnlyList<SampleBetween> Between { get; init; } = [];
}

/// <summary>An answer between before and after.</summary>
/// <param name="When">When, such as "after update 50".</param>
/// <param name="Side">The answer.</param>
public sealed record SampleBetween(string When, SampleSide Side);
