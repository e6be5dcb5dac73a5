using Alidade.Core.Results;

namespace Alidade.Evaluation.Tasks.Metrics;

/// <summary>Numbers of answers and texts, from their log p.</summary>
internal static class LikelihoodMetrics
{
    public static IEnumerable<(string Name, Func<MetricEntry, IReadOnlyList<TaskMetric>> Make)> All =>
    [
        ("perplexity", _ =>
        [
            new()
            {
                Name = "perplexity", Of = d => [d.Scores[0].LogProb], Over = Aggregation.Perplexity, Direction = Direction.Lower, Unit = "perplexity", Kinds = [TaskKind.Loglikelihood],
                Meaning = "exp of the mean of −log p of the answers.",
            },
        ]),
        ("word_perplexity", _ => [OfText("word_perplexity", WikiText.Words, Aggregation.WeightedPerplexity, "perplexity", "exp(−Σ log p / Σ words) of the texts.")]),
        ("byte_perplexity", _ => [OfText("byte_perplexity", WikiText.Bytes, Aggregation.WeightedPerplexity, "perplexity", "exp(−Σ log p / Σ bytes) of the texts.")]),
        ("bits_per_byte", _ => [OfText("bits_per_byte", WikiText.Bytes, Aggregation.BitsPerByte, "bits per byte", "−Σ log₂ p / Σ bytes of the texts.")]),
    ];

    private static TaskMetric OfText(string name, Func<string, int> count, Aggregation over, string unit, string meaning) => new()
    {
        Name = name,
        Of = d => [d.LogProb, count(d.Asked.Counted)],
        Over = over,
        Direction = Direction.Lower,
        Unit = unit,
        Meaning = meaning,
        Kinds = [TaskKind.Rolling],
    };
}
