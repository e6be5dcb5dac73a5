using System.Globalization;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.General;

/// <summary>How the probabilities of score tokens become a score.</summary>
public enum ScoreWeighting
{
    /// <summary>Σ p(s)·s / Σ p(s): an expectation over the scores alone.</summary>
    Renormalised,

    /// <summary>Σ p(s)·s, the paper's formula: mass on other tokens pulls the score towards 0.</summary>
    Unnormalised,

    /// <summary>As <see cref="Renormalised"/>, scores below 1% left out: deepeval.</summary>
    WithoutRare,
}

/// <summary>Where a G-Eval score comes from; scores from different sources are not to be compared.</summary>
public enum GEvalSource
{
    /// <summary>The probabilities of the score tokens.</summary>
    TokenProbabilities,

    /// <summary>The mean over several sampled replies, for a judge that shows no probabilities.</summary>
    Samples,
}

/// <summary>A probability-weighted score.</summary>
/// <param name="Score">The score, on the judge's scale.</param>
/// <param name="Mass">Σ p(s), the probability of giving a score at all; of sampled replies the share that could be read.</param>
/// <param name="Source">Where it comes from.</param>
public sealed record GEvalScore(double Score, double Mass, GEvalSource Source);

/// <summary>
/// G-Eval: the expectation of a judge's score over the tokens that it might have written, Σ p(s)·s. Blanks around the digits do not count, and the same score from two tokens
/// adds up. A judge without probabilities is sampled instead, and the result says so.
/// </summary>
/// <remarks>Liu et al. 2023 (arXiv 2303.16634), which samples 20 times where there are no probabilities. The default renormalises.</remarks>
public static class GEval
{
    private const double Rare = 0.01;

    /// <summary>The score from the likely tokens of one place.</summary>
    /// <param name="top">Tokens with log-probabilities in nats.</param>
    /// <param name="weighting">How they are weighted.</param>
    /// <param name="scale">Lowest and highest score, such as (1, 5); other numbers are no scores. Null for any number.</param>
    public static Parsed<GEvalScore> Of(
        IEnumerable<(string Text, double LogProb)> top, ScoreWeighting weighting = ScoreWeighting.Renormalised, (int Low, int High)? scale = null)
    {
        var scores = top.Select(t => (Score: ScoreOf(t.Text, scale), P: Math.Exp(t.LogProb))).Where(s => s.Score is not null).ToArray();
        var mass = scores.Sum(s => s.P);
        if (weighting == ScoreWeighting.WithoutRare)
            scores = [.. scores.Where(s => s.P >= Rare)];
        var sum = scores.Sum(s => s.P * s.Score!.Value);
        return scores.Length == 0
            ? Parsed.None<GEvalScore>("no score among the likely tokens")
            : Parsed.Of(new GEvalScore(weighting == ScoreWeighting.Unnormalised ? sum : sum / scores.Sum(s => s.P), mass, GEvalSource.TokenProbabilities));
    }

    /// <summary>The score of a reply: from its last token that is a score, since an earlier number may belong to the reasoning.</summary>
    /// <param name="reply">A reply with log-probabilities.</param>
    /// <param name="weighting">How they are weighted.</param>
    /// <param name="scale">Lowest and highest score.</param>
    public static Parsed<GEvalScore> Of(GeneratedText reply, (int Low, int High) scale, ScoreWeighting weighting = ScoreWeighting.Renormalised) =>
        reply.Tokens.Count == 0 ? Parsed.None<GEvalScore>("the judge shows no log-probabilities")
        : reply.Tokens.LastOrDefault(t => ScoreOf(t.Text, scale) is not null) is not { } place ? Parsed.None<GEvalScore>("no token of the reply is a score")
        : place.Top.Count == 0 ? Parsed.None<GEvalScore>("the judge shows no likely tokens beside the one it wrote")
        : Of(place.Top.Select(t => (t.Text, t.LogProb)), weighting, scale);

    /// <summary>The mean of sampled replies, for a judge without probabilities.</summary>
    /// <param name="samples">One reading a reply.</param>
    public static Parsed<GEvalScore> OfSamples(IReadOnlyCollection<Parsed<double>> samples)
    {
        double[] read = [.. samples.Where(s => s.HasValue).Select(s => s.Value)];
        return read.Length == 0
            ? Parsed.None<GEvalScore>(samples.FirstOrDefault().Why ?? "no reply")
            : Parsed.Of(new GEvalScore(read.Average(), read.Length / (double)samples.Count, GEvalSource.Samples));
    }

    internal static int? ScoreOf(string token, (int Low, int High)? scale) =>
        int.TryParse(token.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var score) && (scale is not { } s || (score >= s.Low && score <= s.High)) ? score : null;
}
