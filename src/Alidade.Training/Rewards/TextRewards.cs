using System.Text.RegularExpressions;
using Alidade.Core;

namespace Alidade.Training.Rewards;

/// <summary>1 when the answer ends with a question mark (? or its full-width form), else 0.</summary>
public sealed record EndsWithQuestion : RuleReward
{
    /// <inheritdoc/>
    public override string Name => "ends_with_question";

    /// <inheritdoc/>
    public override RewardScore Score(AnsweredPrompt completion) => RewardScore.Of(completion.Text.TrimEnd() is [.., '?' or '？'] ? 1 : 0);
}

/// <summary>1 when the answer contains a text, else 0.</summary>
public sealed record ContainsText : RuleReward
{
    /// <summary>The text; not empty.</summary>
    public required string Text
    {
        get;
        init => field = value.Length > 0 ? value : throw new AlidadeException("every answer contains the empty text; name one");
    }

    /// <summary>How letters are compared. Default letter by letter.</summary>
    public StringComparison Comparison { get; init; } = StringComparison.Ordinal;

    /// <inheritdoc/>
    public override string Name => "contains";

    /// <inheritdoc/>
    public override RewardScore Score(AnsweredPrompt completion) => RewardScore.Of(completion.Text.Contains(Text, Comparison) ? 1 : 0);
}

/// <summary>1 when the answer matches a regular expression, else 0.</summary>
public sealed record MatchesPattern : RuleReward
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
    private Regex? regex;

    /// <summary>The expression, in .NET's syntax.</summary>
    public required string Pattern
    {
        get;
        init
        {
            regex = Compile(value);
            field = value;
        }
    }

    /// <inheritdoc/>
    public override string Name => "matches";

    /// <inheritdoc/>
    public override RewardScore Score(AnsweredPrompt completion)
    {
        try
        {
            return RewardScore.Of(regex!.IsMatch(completion.Text) ? 1 : 0);
        }
        catch (RegexMatchTimeoutException)
        {
            return RewardScore.None($"the pattern needs more than {Limit.TotalSeconds} s");
        }
    }

    internal static Regex Compile(string pattern)
    {
        try
        {
            return new(pattern, RegexOptions.CultureInvariant, Limit);
        }
        catch (ArgumentException problem)
        {
            throw new AlidadeException($"the pattern '{pattern}' is no regular expression: {problem.Message}", problem);
        }
    }
}

/// <summary>
/// 1 when the answer that is read out of the text equals a field of the row, else 0. A text in which no answer is found is a wrong answer; a row without the field is an error.
/// </summary>
public sealed record ExactAnswer : RuleReward
{
    private Regex regex = MatchesPattern.Compile(LastNumber);

    /// <summary>The last number of a text, as GSM8K is scored.</summary>
    public const string LastNumber = @"-?\d[\d,]*(?:\.\d+)?";

    /// <summary>The row's field with the right answer. Default "answer".</summary>
    public string Field { get; init; } = "answer";

    /// <summary>What is read out of the text, and out of the field where it matches there: the last match, its first group where it has one. Default the last number.</summary>
    public string Pattern
    {
        get;
        init
        {
            regex = MatchesPattern.Compile(value);
            field = value;
        }
    } = LastNumber;

    /// <inheritdoc/>
    public override string Name => "exact_answer";

    /// <inheritdoc/>
    public override RewardScore Score(AnsweredPrompt completion)
    {
        var right = FieldOf(completion, Field);
        try
        {
            return RewardScore.Of(Read(completion.Text) is { } found && found == (Read(right) ?? Normal(right)) ? 1 : 0);
        }
        catch (RegexMatchTimeoutException)
        {
            return RewardScore.None("the pattern needs more than 1 s");
        }
    }

    private string? Read(string text) => regex.Matches(text) is [.., var last] ? Normal(last.Groups.Count > 1 && last.Groups[1].Success ? last.Groups[1].Value : last.Value) : null;

    // 1,234 and 1234 are one number, and so are 5 and 5.0.
    private static string Normal(string text)
    {
        text = text.Trim();
        return decimal.TryParse(text, System.Globalization.NumberStyles.Number, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? (number / 1.0000000000000000000000000000m).ToString(System.Globalization.CultureInfo.InvariantCulture)
            : text;
    }
}
