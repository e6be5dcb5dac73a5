using System.Text.RegularExpressions;
using Alidade.Core.TextOverlap;

namespace Alidade.Evaluation.TextOverlap;

/// <summary>
/// ROUGE: n-grams in common (ROUGE-N), the longest common subsequence (ROUGE-L), and the same for summaries of several lines (ROUGE-Lsum). Tokens are the runs of
/// [a-z0-9] of the text in lower case: an accent splits a word, and a text in another script has no token and scores 0.
/// </summary>
/// <remarks>Lin 2004, "ROUGE: A package for automatic evaluation of summaries"; number for number as rouge-score 0.1.2, which follows ROUGE-1.5.5.</remarks>
public sealed partial record Rouge
{
    /// <summary>Whether words of more than three letters are compared by their Porter stems. Default false, as in the reference.</summary>
    public bool Stemming { get; init; }

    /// <summary>ROUGE-N: n-grams in common over those of the text and those of the reference.</summary>
    /// <param name="n">Tokens of a run, from 1.</param>
    /// <param name="reference">The reference.</param>
    /// <param name="text">The text to score.</param>
    public OverlapScore N(int n, string reference, string text)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(n);
        var (target, prediction) = (NGrams.Of(Tokens(reference), n), NGrams.Of(Tokens(text), n));
        return Shares(NGrams.Common(target, prediction), target.Values.Sum(), prediction.Values.Sum());
    }

    /// <summary>ROUGE-L: tokens of the longest common subsequence.</summary>
    /// <inheritdoc cref="N"/>
    public OverlapScore L(string reference, string text) => CommonSubsequence.Score(Tokens(reference), Tokens(text));

    /// <summary>
    /// ROUGE-Lsum: for each line of the reference the union of its longest common subsequences with every line of the text, a token counted no more often than either
    /// side holds it.
    /// </summary>
    /// <inheritdoc cref="N"/>
    public OverlapScore LSum(string reference, string text)
    {
        var (targets, predictions) = (Lines(reference), Lines(text));
        var (left, right) = (Counts(targets), Counts(predictions));
        var hits = 0;
        foreach (var target in targets)
            foreach (var at in predictions.SelectMany(p => CommonSubsequence.Positions(target, p)).Distinct().Order())
            {
                var token = target[at];
                if (left.GetValueOrDefault(token) == 0 || right.GetValueOrDefault(token) == 0)
                    continue;
                (left[token], right[token]) = (left[token] - 1, right[token] - 1);
                hits++;
            }

        return Shares(hits, targets.Sum(t => t.Length), predictions.Sum(p => p.Length));
    }

    internal string[] Tokens(string text) =>
        [.. NotToken().Split(PythonText.Lower(text)).Where(t => t.Length > 0).Select(t => Stemming && t.Length > 3 ? PorterStemmer.Stem(t) : t)];

    private string[][] Lines(string text) => [.. text.Split('\n').Where(l => l.Length > 0).Select(Tokens)];

    private static Dictionary<string, int> Counts(string[][] lines) => NGrams.Of([.. lines.SelectMany(l => l)], 1);

    private static OverlapScore Shares(int hits, int target, int prediction) => OverlapScore.Of((double)hits / Math.Max(prediction, 1), (double)hits / Math.Max(target, 1));

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotToken();
}
