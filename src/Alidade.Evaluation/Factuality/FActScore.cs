using System.Text.RegularExpressions;

namespace Alidade.Evaluation.Factuality;

/// <summary>The score of one response: its atomic facts and how many are supported.</summary>
/// <param name="Support">Share of supported facts.</param>
/// <param name="Penalty">exp(1 − γ/n) for n ≤ γ facts, else 1.</param>
public sealed record FactScoreItem(double Support, double Penalty)
{
    /// <summary>Support times penalty.</summary>
    public double Score => Support * Penalty;
}

/// <summary>The score of a model.</summary>
/// <param name="Items">One a response; null for a response without facts (the model abstained, or nothing was found in it).</param>
/// <param name="Score">Mean over the responses with facts, with the length penalty; null when there is none.</param>
/// <param name="UnpenalisedScore">The same without the penalty.</param>
/// <param name="RespondRatio">Share of responses with facts.</param>
/// <param name="FactsPerResponse">Mean number of facts of a response that has any.</param>
public sealed record FactScoreSummary(IReadOnlyList<FactScoreItem?> Items, double? Score, double? UnpenalisedScore, double RespondRatio, double? FactsPerResponse);

/// <summary>What a text says of a fact.</summary>
public enum FactVerdict
{
    /// <summary>Supported.</summary>
    Supported,

    /// <summary>Not supported.</summary>
    NotSupported,

    /// <summary>Neither "true" nor "false" is in the text.</summary>
    Unread,
}

/// <summary>
/// FActScore: the share of a response's atomic facts that a knowledge source supports, mean over the responses. Short responses are penalised by exp(1 − γ/n) for n ≤ γ
/// facts.
/// </summary>
/// <remarks>Min et al. 2023 (arXiv 2305.14251); the penalty is that of the authors' code, γ = 10, which makes it exactly 1 at n = γ. Responses without facts are left out of the
/// mean and seen in the respond ratio.</remarks>
public sealed partial record FActScore
{
    /// <summary>Number of facts, γ, up to which a response is penalised. Default 10; 0 for no penalty.</summary>
    public double Gamma { get; init; } = 10;

    /// <summary>
    /// Whether a judge's text with neither "true" nor "false" counts as the reference counts it: supported unless it holds not, cannot, unknown or information.
    /// Default false: such a text is unread, and the fact is not scored.
    /// </summary>
    public bool ReadAsReference { get; init; }

    /// <summary>Scores one response; null when it has no facts.</summary>
    /// <param name="supported">Whether each fact is supported; null for a model that abstained.</param>
    public FactScoreItem? Score(IReadOnlyCollection<bool>? supported) => supported is not { Count: > 0 } ? null
        : new(supported.Count(s => s) / (double)supported.Count, supported.Count > Gamma ? 1 : Math.Exp(1 - (Gamma / supported.Count)));

    /// <summary>Scores all responses of a model.</summary>
    public FactScoreSummary Summarise(IReadOnlyList<IReadOnlyCollection<bool>?> responses)
    {
        var items = responses.Select(Score).ToArray();
        var scored = items.OfType<FactScoreItem>().ToArray();
        return scored.Length == 0
            ? new(items, null, null, 0, null)
            : new(items, scored.Average(i => i.Score), scored.Average(i => i.Support), scored.Length / (double)items.Length, responses.Where(r => r is { Count: > 0 }).Average(r => r!.Count));
    }

    /// <summary>Reads a judge's text: of "true" and "false", the one that first occurs later wins.</summary>
    public FactVerdict Read(string answer)
    {
        var text = PythonText.Lower(answer);
        var (yes, no) = (text.IndexOf("true", StringComparison.Ordinal), text.IndexOf("false", StringComparison.Ordinal));
        if (yes >= 0 || no >= 0)
            return yes > no ? FactVerdict.Supported : FactVerdict.NotSupported;
        if (!ReadAsReference)
            return FactVerdict.Unread;
        var words = PythonText.Words(AsciiPunctuation().Replace(text, ""));
        return words.Any(w => w is "not" or "cannot" or "unknown" or "information") ? FactVerdict.NotSupported : FactVerdict.Supported;
    }

    [GeneratedRegex(@"[!-/:-@\[-`{-~]")]
    private static partial Regex AsciiPunctuation();
}
