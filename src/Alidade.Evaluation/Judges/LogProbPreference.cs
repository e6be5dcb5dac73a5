namespace Alidade.Evaluation.Judges;

/// <summary>
/// A judge's preference from the probabilities of its two labels: 2 − P(m) / (P(m) + P(M)), m the label of the first answer, M that of the second; 1 … 2, 1.5 is a draw.
/// A label that is not among the likely tokens has probability 0; without either there is no preference.
/// </summary>
/// <remarks>AlpacaEval's <c>logprob_parser</c> (weighted_alpaca_eval_gpt4_turbo), over the five likeliest tokens.</remarks>
public static class LogProbPreference
{
    /// <summary>From the log-probabilities of the labels, in nats.</summary>
    /// <param name="first">log P of the first label; null when it is not among the likely tokens.</param>
    /// <param name="second">log P of the second label; null when it is not among the likely tokens.</param>
    public static Parsed<double> Of(double? first, double? second) => (first, second) switch
    {
        (null, null) => Parsed.None<double>("neither label is among the likely tokens"),
        (_, null) => Parsed.Of(1.0),
        (null, _) => Parsed.Of(2.0),
        // exp of the difference alone: both may be too small to be told from 0.
        ({ } a, { } b) => Parsed.Of(2 - (1 / (1 + Math.Exp(b - a)))),
    };

    /// <summary>From the likely tokens of one place, matched to the letter.</summary>
    /// <param name="top">Tokens and log-probabilities in nats.</param>
    /// <param name="firstLabel">Label of the first answer.</param>
    /// <param name="secondLabel">Label of the second.</param>
    public static Parsed<double> Of(IEnumerable<(string Text, double LogProb)> top, string firstLabel = "m", string secondLabel = "M")
    {
        var tokens = top.GroupBy(t => t.Text, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First().LogProb, StringComparer.Ordinal);
        return Of(tokens.TryGetValue(firstLabel, out var first) ? first : null, tokens.TryGetValue(secondLabel, out var second) ? second : null);
    }
}
