using Alidade.Core;

namespace Alidade.Evaluation.Tasks.Metrics;

/// <summary>The metrics by name; most names are those of lm-evaluation-harness 0.4.13.</summary>
internal static class MetricTable
{
    private static readonly Dictionary<string, Func<MetricEntry, IReadOnlyList<TaskMetric>>> All =
        new[] { ChoiceMetrics.All, TextMetrics.All, LikelihoodMetrics.All, BbqMetrics.All }.SelectMany(t => t).ToDictionary(t => t.Name, t => t.Make, StringComparer.Ordinal);

    private const string ExactMatch = "exact_match";

    private static IReadOnlyCollection<string> Names => [ExactMatch, .. All.Keys];

    /// <summary>The numbers of a task.</summary>
    /// <exception cref="AlidadeException">A metric is unknown, or belongs to another kind of task; or two have one name.</exception>
    public static IReadOnlyList<TaskMetric> Of(TaskFile file)
    {
        var metrics = (file.Metrics.Count > 0 ? file.Metrics : Usual(file.Kind)).SelectMany(entry => Of(entry, file.Kind)).ToArray();
        return metrics.GroupBy(m => m.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { Key: var twice }
            ? throw new AlidadeException($"two metrics are called '{twice}'; give one another 'name'")
            : metrics;
    }

    private static IEnumerable<TaskMetric> Of(MetricEntry entry, TaskKind kind)
    {
        // The one name that choices and written texts share.
        IReadOnlyList<TaskMetric> made = entry.Metric == ExactMatch ? [kind == TaskKind.Generate ? TextMetrics.ExactMatch(entry) : ChoiceMetrics.ExactMatch()]
            : All.TryGetValue(entry.Metric, out var make) ? make(entry)
            : throw new AlidadeException($"there is no metric '{entry.Metric}'{Suggest.Hint(entry.Metric, Names)}");
        foreach (var metric in made)
        {
            if (!metric.Kinds.Contains(kind))
                throw new AlidadeException($"the metric '{entry.Metric}' is not one of a task of kind {Snake(kind)}; it belongs to: {string.Join(", ", metric.Kinds.Select(Snake))}");
            yield return metric with
            {
                Name = made.Count == 1 ? entry.Name ?? metric.Name : metric.Name,
                Direction = entry.Direction ?? metric.Direction,
                Meaning = entry.Meaning ?? metric.Meaning,
            };
        }
    }

    private static IReadOnlyList<MetricEntry> Usual(TaskKind kind) => kind switch
    {
        TaskKind.MultipleChoice => [new() { Metric = "acc" }],
        TaskKind.Loglikelihood => [new() { Metric = "perplexity" }, new() { Metric = "acc" }],
        TaskKind.Rolling => [new() { Metric = "word_perplexity" }, new() { Metric = "byte_perplexity" }, new() { Metric = "bits_per_byte" }],
        _ => [new() { Metric = "exact_match" }],
    };

    private static string Snake(TaskKind kind) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());
}
