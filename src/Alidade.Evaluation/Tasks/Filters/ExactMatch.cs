namespace Alidade.Evaluation.Tasks.Filters;

/// <summary>Whether an answer equals its reference after both were cleaned in the same way.</summary>
/// <remarks>lm-evaluation-harness 0.4.13, <c>exact_match</c> (after Hugging Face's evaluate).</remarks>
public sealed record ExactMatch
{
    private const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    /// <summary>As GSM8K is scored: no comma, no dollar sign, only what follows the last "#### ", no full stop at the end.</summary>
    public static ExactMatch Gsm8k { get; } = new() { RegexesToIgnore = [",", @"\$", "(?s).*#### ", @"\.$"], IgnoreCase = true };

    /// <summary>Patterns whose matches are deleted, in order. Default none.</summary>
    public IReadOnlyList<string> RegexesToIgnore { get; init; } = [];

    /// <summary>Whether case is ignored. Default false.</summary>
    public bool IgnoreCase { get; init; }

    /// <summary>Whether ASCII punctuation is ignored. Default false.</summary>
    public bool IgnorePunctuation { get; init; }

    /// <summary>Whether the digits 0–9 are ignored. Default false.</summary>
    public bool IgnoreNumbers { get; init; }

    /// <summary>True when both are equal.</summary>
    public bool Holds(string answer, string reference) => Cleaned(answer) == Cleaned(reference);

    private string Cleaned(string text)
    {
        foreach (var pattern in RegexesToIgnore)
            text = Matches.Pattern(pattern).Replace(text, "");
        if (IgnoreCase)
            text = PythonText.Lower(text);
        return string.Concat(text.Where(c => !(IgnorePunctuation && Punctuation.Contains(c, StringComparison.Ordinal)) && !(IgnoreNumbers && char.IsAsciiDigit(c))));
    }
}
