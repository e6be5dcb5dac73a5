using System.Text.RegularExpressions;
using Alidade.Core;

namespace Alidade.Evaluation.Judges;

/// <summary>What a judge is asked: a system text and a user's text with places {name}. A brace that is meant is written twice, as in Python's <c>format</c>.</summary>
/// <remarks>Every place is filled in one pass: braces inside an answer stay as they are.</remarks>
public sealed partial record JudgePrompt
{
    /// <summary>Name, for errors and results.</summary>
    public required string Name { get; init; }

    /// <summary>System text; empty for none.</summary>
    public string System { get; init; } = "";

    /// <summary>The user's text.</summary>
    public required string Template { get; init; }

    /// <summary>The names of the places.</summary>
    public IReadOnlyList<string> Places => [.. Parts().Matches(System + Template).Select(m => m.Groups[1].Value).Where(n => n.Length > 0).Distinct()];

    /// <summary>The conversation that the judge continues.</summary>
    /// <param name="values">A text for each place; more are of no harm.</param>
    /// <exception cref="AlidadeException">A place has no text.</exception>
    public IReadOnlyList<Message> Fill(IReadOnlyDictionary<string, string> values)
    {
        var user = new Message("user", Filled(Template, values));
        return System.Length == 0 ? [user] : [new("system", Filled(System, values)), user];
    }

    /// <summary>Checks that the prompt shows what it is to judge.</summary>
    /// <param name="needed">Places that must be there.</param>
    /// <exception cref="AlidadeException">One is missing.</exception>
    public JudgePrompt Requiring(params string[] needed) =>
        needed.Except(Places, StringComparer.Ordinal).FirstOrDefault() is { } missing
            ? throw new AlidadeException($"judge prompt '{Name}' has no place {{{missing}}}; without it the judge would not see what it judges (it has: {string.Join(", ", Places)})")
            : this;

    private string Filled(string text, IReadOnlyDictionary<string, string> values) => Parts().Replace(text, part => part.Value switch
    {
        "{{" => "{",
        "}}" => "}",
        _ => values.TryGetValue(part.Groups[1].Value, out var value) ? value
            : throw new AlidadeException($"judge prompt '{Name}': nothing is known for the place {part.Value}{Suggest.Hint(part.Groups[1].Value, [.. values.Keys])}"),
    });

    [GeneratedRegex(@"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")]
    private static partial Regex Parts();
}
