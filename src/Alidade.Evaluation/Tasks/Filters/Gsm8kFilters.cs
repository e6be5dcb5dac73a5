namespace Alidade.Evaluation.Tasks.Filters;

/// <summary>The filters that lm-evaluation-harness 0.4.13 defines for GSM8K.</summary>
public static class Gsm8kFilters
{
    /// <summary>The number of a line "#### 18".</summary>
    public static RegexFilter Strict { get; } = new();

    /// <summary>The last number of the response; a full stop behind it stays, as there, and <see cref="ExactMatch.Gsm8k"/> takes it off.</summary>
    public static RegexFilter Flexible { get; } = new() { Pattern = "(-?[$0-9.,]{2,})|(-?[0-9]+)", Select = -1 };

    /// <summary>
    /// The number of "The answer is 18.": the pattern of the chain-of-thought form, which asks for one more character and so reads "The answer is 18" as 1.
    /// </summary>
    public static RegexFilter ChainOfThought { get; } = new() { Pattern = @"The answer is (\-?[0-9\.\,]+)." };
}
