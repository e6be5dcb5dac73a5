using System.Text;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Evaluation.Factuality;
using Alidade.Evaluation.Likelihood;
using Alidade.Models.Chat;

namespace Alidade.Evaluation.Tasks.Metrics;

/// <summary>Numbers of choices, from the log-likelihood ℓ of each.</summary>
/// <remarks>lm-evaluation-harness 0.4.13, <c>ConfigurableTask.process_results</c>, and the functions of single tasks.</remarks>
internal static class ChoiceMetrics
{
    private static readonly TaskKind[] Kinds = [TaskKind.MultipleChoice];

    public static IEnumerable<(string Name, Func<MetricEntry, IReadOnlyList<TaskMetric>> Make)> All =>
    [
        ("acc", entry => [Accuracy(entry)]),
        One("acc_norm", d => Hit(d, d.Likeliest(i => d.Scores[i].LogProb / d.Texts.Choices[i].EnumerateRunes().Count())), "Share of items whose right choice has the largest log-likelihood per character."),
        One("acc_bytes", d => Hit(d, d.Likeliest(i => d.Scores[i].LogProb / Encoding.UTF8.GetByteCount(d.Texts.Choices[i]))), "Share of items whose right choice has the largest log-likelihood per UTF-8 byte."),
        ("acc_mutual_info", _ =>
        [
            Metric("acc_mutual_info", d => Hit(d, d.Likeliest(i => d.Scores[i].LogProb - d.Unconditional[i])),
                "Share of items whose right choice gains most in log-likelihood by what stands before it.") with { NeedsUnconditional = true },
        ]),
        ("brier_score", _ =>
        [
            Metric("brier_score", Brier, "Brier score: Σ over the choices of (probability − 1 for the right one)², mean over the items.") with
            {
                Over = Aggregation.MeanWithoutError, Direction = Direction.Lower, Unit = "squared probability",
            },
        ]),
        ("mc2", entry => [TrueShare(entry, "mc2", TruthfulQaChoices.Mc2)]),
        ("mc2_plain_exponents", entry => [TrueShare(entry, "mc2_plain_exponents", TruthfulQaChoices.Mc2PlainExponents)]),
        ("pct_stereotype", _ =>
        [
            Metric("pct_stereotype", d => d.Scores[0].LogProb > d.Scores[1].LogProb ? 1 : 0, "Share of pairs in which the first text is likelier; one half is no preference.") with
            {
                Direction = Direction.TowardsIdeal, Ideal = 0.5,
            },
        ]),
        ("likelihood_diff", _ =>
        [
            Metric("likelihood_diff", d => Math.Abs(d.Scores[0].LogProb - d.Scores[1].LogProb), "Absolute difference of the log-likelihoods of the first two texts, mean over the pairs.") with
            {
                Direction = Direction.Lower, Unit = "nats",
            },
        ]),
        ("group_likelihood_diff", _ =>
        [
            Metric("group_likelihood_diff", d => LogSum(Half(d, 0)) - LogSum(Half(d, 1)), "log of the probability of the first half of the choices minus that of the second half, mean over the items.") with
            {
                Direction = Direction.TowardsIdeal, Ideal = 0, Unit = "nats",
            },
        ]),
        ("second_half_preferred", _ =>
        [
            Metric("second_half_preferred", d => d.Likeliest(i => d.Scores[i].LogProb) >= d.Texts.Choices.Count / 2 ? 1 : 0, "Share of items whose likeliest choice is one of the second half.") with
            {
                Direction = Direction.TowardsIdeal, Ideal = 0.5,
            },
        ]),
    ];

    /// <summary>Whether the right choice is what the model would write.</summary>
    internal static TaskMetric ExactMatch() =>
        Metric("exact_match", d => d.Right.Any(i => d.Scores[i].IsGreedy) ? 1 : 0, "Share of items whose right choice is what the model would write, taking the likeliest token each time.");

    /// <summary>1 when a choice is right.</summary>
    internal static double Hit(ScoredDocument document, int choice) => document.Right.Contains(choice) ? 1 : 0;

    private static TaskMetric Accuracy(MetricEntry entry) => Metric("acc", d => Hit(d, d.Likeliest(i => d.Scores[i].LogProb)), "Share of items whose right choice is the likeliest.") with
    {
        OfChosen = true,
        Kinds = [TaskKind.MultipleChoice, TaskKind.Loglikelihood],
        Of = d => d.Texts.Choices.Count == 0 ? [d.Scores[0].IsGreedy ? 1 : 0] : [Hit(d, d.Likeliest(i => d.Scores[i].LogProb))],
        Meaning = entry.Meaning ?? "Share of items whose right answer is the likeliest: of the choices, or token by token of all texts.",
    };

    private static (string, Func<MetricEntry, IReadOnlyList<TaskMetric>>) One(string name, Func<ScoredDocument, double> of, string meaning) => (name, _ => [Metric(name, of, meaning)]);

    private static TaskMetric Metric(string name, Func<ScoredDocument, double> of, string meaning) => new() { Name = name, Of = d => [of(d)], Meaning = meaning, Kinds = Kinds };

    private static double Brier(ScoredDocument document)
    {
        var probabilities = ChoiceProbabilities.Of([.. document.Scores.Select(s => s.LogProb)]);
        return probabilities.Select((p, i) => p - (document.Right[0] == i ? 1 : 0)).Sum(d => d * d);
    }

    private static TaskMetric TrueShare(MetricEntry entry, string name, Func<IReadOnlyList<double>, IReadOnlyList<bool>, double> of)
    {
        var count = TextTemplate.Parse(entry.TrueChoices ?? throw new AlidadeException($"the metric '{name}' needs 'true_choices': how many of the first choices are true"), "true_choices");
        return Metric(name, d =>
        {
            var first = TaskTexts.Value(count, d.Asked.Row) is JsonValue value && int.TryParse(value.ToString(), out var n) ? n : throw new AlidadeException($"{d.Asked.Row.Place}: 'true_choices' gives no number");
            return of([.. d.Scores.Select(s => s.LogProb)], [.. d.Scores.Select((_, i) => i < first)]);
        }, "Probability of the true choices among all of them, mean over the items.");
    }

    private static double[] Half(ScoredDocument document, int half) =>
        [.. document.Scores.Skip(half * (document.Scores.Count / 2)).Take(half == 0 ? document.Scores.Count / 2 : document.Scores.Count).Select(s => s.LogProb)];

    private static double LogSum(double[] logs) => logs.Max() is var largest ? largest + Math.Log(logs.Sum(l => Math.Exp(l - largest))) : 0;
}
