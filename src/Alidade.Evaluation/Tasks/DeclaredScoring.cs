using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Tasks.Filters;
using Alidade.Evaluation.Tasks.Harness;
using Alidade.Evaluation.Tasks.Metrics;

namespace Alidade.Evaluation.Tasks;

/// <summary>An item with what it was asked and what came back.</summary>
internal sealed record ScoredItem(AskedDocument Document, IReadOnlyList<Request> Requests, IReadOnlyList<Response> Responses)
{
    /// <summary>Why there is nothing to score; null where there is.</summary>
    public string? Missing => Responses.OfType<Unanswered>().FirstOrDefault()?.Reason;

    /// <summary>True when input or output was cut.</summary>
    public bool Truncated => Responses.Any(r => r is ContinuationScores { Truncated: true } || (r is GeneratedTexts texts && texts.Texts.Any(t => t.Truncated)));
}

/// <summary>Makes a declared task's numbers from answers: pure functions of them.</summary>
/// <param name="definition">The task.</param>
/// <param name="texts">Its templates.</param>
/// <param name="suffix">What its name carries beside, for a model that only writes.</param>
/// <param name="seed">Seed of the bootstrap of numbers that are no means.</param>
internal sealed class DeclaredScoring(LoadedTaskFile definition, TaskTexts texts, string suffix, ulong seed)
{
    /// <summary>Why an answer in which the filters found nothing scores as it does.</summary>
    private const string NothingFound = "the filters found no answer: it counts as wrong";

    public DeclaredOutcome Of(
        IReadOnlyList<ScoredItem> items, IReadOnlyList<TaskMetric> metrics, IReadOnlyList<(string Name, IReadOnlyList<ResponseFilter> Steps)> chains, Cost cost)
    {
        var results = new List<MeasureResult>();
        var harness = new HarnessTask(definition);
        foreach (var (chain, steps) in chains)
        {
            var scored = items.Select(i => i.Missing is null ? Scored(i, steps) : null).ToArray();
            harness.Add(chain, items, scored, metrics);
            foreach (var metric in metrics)
                if (Result(metric, chain, items, scored, cost) is { } result)
                    results.Add(result);
            if (definition.File.ExactGroups > 1 && metrics.FirstOrDefault(m => m.Name == "acc") is { } accuracy)
                results.Add(Groups(accuracy, items, scored, cost));
        }

        return new(results, harness);
    }

    private static ScoredDocument Scored(ScoredItem item, IReadOnlyList<ResponseFilter> steps)
    {
        var (document, responses) = (item.Document, item.Responses);
        switch (responses[0])
        {
            case RollingScore rolling:
                return new(document, [], [], rolling.LogProb, []);
            case GeneratedTexts texts when document.Continuations.Count > 0:
                // A choice that was written: the chosen one has all the likelihood.
                var chosen = MultipleChoice.Parse(texts.First.Text, document.Texts.Choices);
                return new(document, [.. document.Texts.Choices.Select((_, i) => new ContinuationScore(chosen is null ? double.NaN : i == chosen ? 0 : double.NegativeInfinity, 0, false))], [], 0, [new(texts.First.Text, chosen is not null)]);
            case GeneratedTexts texts:
                return new(document, [], [], 0, ResponseFilter.ApplyAll(steps, [.. texts.Texts.Select(t => t.Text)], [.. document.Texts.Choices]));
            default:
                ContinuationScore[] scores = [.. responses.Cast<ContinuationScores>().SelectMany(r => r.Scores)];
                var conditional = document.Contexts.Count * document.Continuations.Count;
                return new(document, scores[..conditional], [.. scores[conditional..].Select(s => s.LogProb)], scores[0].LogProb, []);
        }
    }

    private MeasureResult? Result(TaskMetric metric, string chain, IReadOnlyList<ScoredItem> items, ScoredDocument?[] scored, Cost cost)
    {
        var values = new List<double[]>();
        var rows = new List<ItemResult>();
        var unparsed = 0;
        for (var i = 0; i < items.Count; i++)
        {
            if (scored[i] is not { } document)
            {
                rows.Add(Item(items[i]) with { Why = items[i].Missing });
                continue;
            }

            if (!metric.Part(document))
                continue;
            var failed = document.Answers.Count > 0 && !document.Answers[0].Parsed;
            if (failed && suffix.Length > 0)
            {
                rows.Add(Item(items[i]) with { Output = document.Answer, Why = MultipleChoice.Unparsed });
                continue;
            }

            unparsed += failed ? 1 : 0;
            var value = metric.Of(document);
            var single = metric.Over.Item(value);
            if (double.IsFinite(single))
                values.Add(value);
            rows.Add(Item(items[i]) with
            {
                Output = Output(document),
                Score = double.IsFinite(single) ? single : null,
                Why = !double.IsFinite(single) ? "its value is no number" : failed ? NothingFound : document.Texts.Gold is { } gold ? $"right: {string.Join(" or ", gold.Texts)}" : null,
                Truncated = items[i].Truncated,
            });
        }

        if (rows.Count == 0)
            return null;
        var result = MeasureSummary.OfMean(
            About(metric, chain == FilterTable.None ? metric.Name : $"{metric.Name}.{chain}", cost) with { Meaning = unparsed == 0 ? metric.Meaning : $"{metric.Meaning} {unparsed} answers have nothing for the filters to find and count as wrong." },
            rows);
        return metric.Over.Of == Aggregation.Mean.Of || values.Count == 0 ? result : Aggregated(result, metric, values);
    }

    private MeasureResult Aggregated(MeasureResult result, TaskMetric metric, List<double[]> values)
    {
        var value = metric.Over.Of(values);
        var bootstrap = values.Count > 1 ? Bootstrap.Of(values.Count, draw => metric.Over.Of([.. draw.Select(i => values[i])]), seed) : null;
        return result with
        {
            Measurement = result.Measurement with
            {
                Value = double.IsFinite(value) ? value : null,
                Interval = bootstrap is not null && bootstrap.Replicates.All(double.IsFinite) ? bootstrap.Percentile() : null,
            },
        };
    }

    // The paper's 0/1-loss over consecutive rows that are variants of one another.
    private MeasureResult Groups(TaskMetric accuracy, IReadOnlyList<ScoredItem> items, ScoredDocument?[] scored, Cost cost)
    {
        var size = definition.File.ExactGroups;
        return MeasureSummary.OfMean(
            About(accuracy, "exact_groups", cost) with { Meaning = $"Share of groups of {size} consecutive rows that are all right." },
            [.. Enumerable.Range(0, items.Count).Chunk(size).Where(g => g.Length == size).Select(g =>
            {
                var item = Item(items[g[0]]);
                var missing = g.Select(i => items[i].Missing).OfType<string>().FirstOrDefault();
                return missing is not null ? item with { Why = missing } : item with { Score = g.All(i => accuracy.Of(scored[i]!)[0] == 1) ? 1 : 0, Why = $"{g.Count(i => accuracy.Of(scored[i]!)[0] == 1)} of {size} are right" };
            })]);
    }

    private Measurement About(TaskMetric metric, string name, Cost cost) => new()
    {
        Name = $"{definition.Name}{suffix}.{name}",
        Meaning = metric.Meaning,
        Unit = metric.Unit,
        Direction = metric.Direction,
        Ideal = metric.Direction == Direction.TowardsIdeal ? metric.Ideal ?? 0.5 : null,
        Count = 0,
        Cost = cost,
    };

    private ItemResult Item(ScoredItem item) => new()
    {
        Id = item.Document.Row.Id,
        Input = item.Document.Contexts.Count > 0 ? string.Join("\n", item.Document.Contexts) : item.Document.Texts.Prompt,
        Output = "",
        Cluster = texts.Cluster(item.Document.Row),
    };

    private static string Output(ScoredDocument document)
    {
        if (document.Answers.Count > 0)
            return document.Answer;
        if (document.Scores.Count == 0)
            return $"log p = {Shown.Nats(document.LogProb)}";
        if (document.Texts.Choices.Count == 0)
            return $"log p = {Shown.Nats(document.LogProb)}{(document.Scores[0].IsGreedy ? ", as the model would write it" : "")}";
        var likeliest = document.Likeliest(i => document.Scores[i].LogProb);
        return $"likeliest: {document.Texts.Choices[likeliest]} ({Shown.Nats(document.Scores[likeliest].LogProb)})";
    }
}
