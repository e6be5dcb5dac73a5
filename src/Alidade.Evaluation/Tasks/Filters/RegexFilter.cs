using System.Text.RegularExpressions;
using Alidade.Core;

namespace Alidade.Evaluation.Tasks.Filters;

/// <summary>
/// <c>regex</c>: one match of a pattern, trimmed. A pattern with a group gives the group's text; with several, the first that matched something.
/// </summary>
public sealed record RegexFilter : SingleResponseFilter
{
    /// <summary>What stands for a response that the pattern does not match.</summary>
    public const string Invalid = "[invalid]";

    /// <summary>The pattern. Default: the number of GSM8K's answer line.</summary>
    public string Pattern { get; init; } = @"#### (\-?[0-9\.\,]+)";

    /// <summary>Which match: 0 (default) the first, −1 the last.</summary>
    public int Select { get; init; }

    /// <summary>What stands for a response without such a match. Default <see cref="Invalid"/>.</summary>
    public string Fallback { get; init; } = Invalid;

    /// <inheritdoc/>
    /// <exception cref="AlidadeException">The pattern is no regular expression.</exception>
    protected override Filtered Apply(Filtered response, IReadOnlyList<string> choices) =>
        Matches.Find(Matches.Pattern(Pattern), response.Text, Select) is { } found ? response with { Text = found } : new(Fallback, Parsed: false);
}

/// <summary>
/// <c>multi_choice_regex</c>: an option's letter "(B)" by a pattern; where that fails, an option's own text in the response; where that fails, a letter after a colon.
/// </summary>
public sealed record MultiChoiceRegexFilter : SingleResponseFilter
{
    /// <summary>The pattern. Default: a letter in parentheses.</summary>
    public string Pattern { get; init; } = @"(\([A-Z]\))";

    /// <summary>Which match: 0 (default) the first, −1 the last.</summary>
    public int Select { get; init; }

    /// <summary>What stands for a response without a match. Default <see cref="RegexFilter.Invalid"/>.</summary>
    public string Fallback { get; init; } = RegexFilter.Invalid;

    /// <summary>Whether case is ignored when options are looked for. Default false.</summary>
    public bool IgnoreCase { get; init; }

    /// <summary>Whether punctuation is ignored when options are looked for. Default false.</summary>
    public bool IgnorePunctuation { get; init; }

    /// <summary>Patterns whose matches are deleted before options are looked for. Default none.</summary>
    public IReadOnlyList<string> RegexesToIgnore { get; init; } = [];

    /// <inheritdoc/>
    /// <exception cref="AlidadeException">A pattern is no regular expression.</exception>
    protected override Filtered Apply(Filtered response, IReadOnlyList<string> choices)
    {
        if (Matches.Find(Matches.Pattern(Pattern), response.Text, Select) is { Length: > 0 } letter)
            return response with { Text = letter };
        var letters = choices.Select((_, i) => (char)('A' + i)).ToArray();
        // The last of two options that read alike gives its letter, as in the harness.
        var byText = choices.Zip(letters).GroupBy(c => Plain(PythonText.Strip(c.First)), StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last().Second);
        if (byText.Count > 0
            && Matches.Find(Matches.Pattern(string.Join('|', choices.Select(c => Regex.Escape(Plain(PythonText.Strip(c)))))), Plain(response.Text), Select) is { Length: > 0 } option)
            return response with { Text = byText.TryGetValue(option, out var its) ? $"({its})" : option };
        return letters.Length > 0 && Matches.Find(Matches.Pattern($@":[\s]*({string.Join('|', letters)})"), response.Text, Select) is { Length: > 0 } bare
            ? response with { Text = $"({bare})" }
            : new(Fallback, Parsed: false);
    }

    private string Plain(string text)
    {
        foreach (var pattern in RegexesToIgnore)
            text = Matches.Pattern(pattern).Replace(text, "");
        if (IgnoreCase)
            text = PythonText.Lower(text);
        return IgnorePunctuation ? string.Concat(text.EnumerateRunes().Where(r => !System.Text.Rune.IsPunctuation(r))) : text;
    }
}

/// <summary>Python's <c>findall</c> as the filters use it.</summary>
internal static class Matches
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>A pattern of a task file.</summary>
    public static Regex Pattern(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, Longest);
        }
        catch (ArgumentException problem)
        {
            throw new AlidadeException($"the pattern '{pattern}' is no regular expression: {problem.Message}", problem);
        }
    }

    /// <summary>The selected match, trimmed; null when there is none.</summary>
    /// <remarks>The harness ends with an error where the selected match does not exist; here that is a response without a match.</remarks>
    public static string? Find(Regex pattern, string text, int select)
    {
        var matches = pattern.Matches(text);
        var at = select < 0 ? matches.Count + select : select;
        if (at < 0 || at >= matches.Count)
            return null;
        var groups = matches[at].Groups.Values.Skip(1).ToArray();
        var found = groups.Length switch
        {
            0 => matches[at].Value,
            1 => groups[0].Value,
            _ => groups.FirstOrDefault(g => g.Length > 0)?.Value,
        };
        return found is null ? null : PythonText.Strip(found);
    }
}
