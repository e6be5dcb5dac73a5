using Alidade.Core;

namespace Alidade.Evaluation.TextOverlap;

/// <summary>What stands for an n-gram precision of 0.</summary>
public enum BleuSmoothing
{
    /// <summary>Nothing: the score is 0.</summary>
    None,

    /// <summary>1 / (2^k · total) for the k-th precision that is 0, as mteval-v13a does.</summary>
    Exponential,

    /// <summary>A small number of matches, 0.1 by default.</summary>
    Floor,

    /// <summary>A number added to matches and totals from the second order on, 1 by default.</summary>
    AddK,
}

/// <summary>A BLEU score and what it is made of.</summary>
/// <param name="Value">0 … 100.</param>
/// <param name="Matches">Matched n-grams of each order; with <see cref="BleuSmoothing.AddK"/> after the addition.</param>
/// <param name="Totals">n-grams of the texts, of each order.</param>
/// <param name="Precisions">Precision of each order in percent, smoothed.</param>
/// <param name="BrevityPenalty">min(1, exp(1 − r/c)).</param>
/// <param name="Length">c, tokens of the texts.</param>
/// <param name="ReferenceLength">r, tokens of the references nearest in length.</param>
public sealed record BleuScore(
    double Value, IReadOnlyList<double> Matches, IReadOnlyList<double> Totals, IReadOnlyList<double> Precisions, double BrevityPenalty, int Length, int ReferenceLength);

/// <summary>
/// BLEU: 100 · BP · exp(1/N Σ ln p_n) over clipped n-gram precisions p_n of the whole corpus, BP the penalty for texts shorter than their references.
/// </summary>
/// <remarks>Papineni et al. 2002; number for number as sacrebleu 2.6.0 (Post 2018, arXiv 1804.08771). Smoothing: Chen and Cherry 2014.</remarks>
public sealed record Bleu
{
    /// <summary>Tokens. Default 13a.</summary>
    public BleuTokens Tokens { get; init; } = BleuTokens.V13a;

    /// <summary>Smoothing. Default exponential.</summary>
    public BleuSmoothing Smoothing { get; init; } = BleuSmoothing.Exponential;

    /// <summary>The number of <see cref="BleuSmoothing.Floor"/> (null: 0.1) or <see cref="BleuSmoothing.AddK"/> (null: 1).</summary>
    public double? SmoothingValue { get; init; }

    /// <summary>Longest n-grams, N. Default 4.</summary>
    public int Order { get; init; } = 4;

    /// <summary>
    /// Whether N is lowered to the longest n-gram that the texts have, as a single sentence needs. Default false: a corpus without any 4-gram scores 0.
    /// </summary>
    public bool EffectiveOrder { get; init; }

    /// <summary>Whether case is ignored. Default false.</summary>
    public bool IgnoreCase { get; init; }

    /// <summary>One text, with the effective order.</summary>
    public BleuScore Sentence(string text, params IReadOnlyList<string> references) => (this with { EffectiveOrder = true }).Corpus([text], [references]);

    /// <summary>A corpus.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="references">The references of each text, one or more.</param>
    /// <exception cref="AlidadeException">A text has no reference, or their numbers differ.</exception>
    public BleuScore Corpus(IReadOnlyList<string> texts, IReadOnlyList<IReadOnlyList<string>> references)
    {
        OverlapInputs.Check(texts, references);
        double[] matches = new double[Order], totals = new double[Order];
        int length = 0, referenceLength = 0;
        foreach (var (text, own) in texts.Zip(references))
        {
            var tokens = TokensOf(text);
            var targets = own.Select(TokensOf).ToArray();
            length += tokens.Length;
            // The nearest reference in length, the shorter of two equally near.
            referenceLength += targets.Select(t => t.Length).OrderBy(l => Math.Abs(l - tokens.Length)).ThenBy(l => l).First();
            for (var n = 1; n <= Order; n++)
            {
                var grams = NGrams.Of(tokens, n);
                var most = targets.Select(t => NGrams.Of(t, n)).Aggregate(Most);
                matches[n - 1] += NGrams.Common(grams, most);
                totals[n - 1] += grams.Values.Sum();
            }
        }

        return Of(matches, totals, length, referenceLength);
    }

    private string[] TokensOf(string text) => BleuTokenizer.Of(IgnoreCase ? PythonText.Lower(text) : text, Tokens);

    private static Dictionary<string, int> Most(Dictionary<string, int> first, Dictionary<string, int> second)
    {
        foreach (var (gram, count) in second)
            first[gram] = Math.Max(first.GetValueOrDefault(gram), count);
        return first;
    }

    private BleuScore Of(double[] matches, double[] totals, int length, int referenceLength)
    {
        var penalty = length >= referenceLength ? 1 : length > 0 ? Math.Exp(1 - ((double)referenceLength / length)) : 0;
        var precisions = new double[Order];
        var (order, halvings, logarithms) = (Order, 1.0, 0.0);
        if (matches.All(m => m == 0))
            return new(0, matches, totals, precisions, penalty, length, referenceLength);
        for (var n = 0; n < Order; n++)
        {
            if (Smoothing == BleuSmoothing.AddK && n > 0)
                (matches[n], totals[n]) = (matches[n] + (SmoothingValue ?? 1), totals[n] + (SmoothingValue ?? 1));
            if (totals[n] == 0)
                break;
            if (EffectiveOrder)
                order = n + 1;
            precisions[n] = matches[n] > 0 ? 100 * matches[n] / totals[n] : Smoothing switch
            {
                BleuSmoothing.Exponential => 100 / ((halvings *= 2) * totals[n]),
                BleuSmoothing.Floor => 100 * (SmoothingValue ?? 0.1) / totals[n],
                _ => 0,
            };
        }

        for (var n = 0; n < order; n++)
            logarithms += Math.Log(precisions[n]);
        return new(penalty * Math.Exp(logarithms / order), matches, totals, precisions, penalty, length, referenceLength);
    }
}

/// <summary>What every corpus score asks of its texts and references.</summary>
internal static class OverlapInputs
{
    public static void Check(IReadOnlyList<string> texts, IReadOnlyList<IReadOnlyList<string>> references)
    {
        if (texts.Count != references.Count)
            throw new AlidadeException($"there are {texts.Count} texts and references for {references.Count}; give every text its references");
        for (var i = 0; i < references.Count; i++)
            if (references[i].Count == 0)
                throw new AlidadeException($"text {i + 1} of {texts.Count} has no reference to be compared with");
    }
}
