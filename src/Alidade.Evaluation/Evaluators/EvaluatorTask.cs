using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.AI.Evaluation;
using EvaluationContext = Alidade.Evaluation.Engine.EvaluationContext;

namespace Alidade.Evaluation.Evaluators;

/// <summary>A conversation that the model is to continue.</summary>
/// <param name="Id">Id.</param>
/// <param name="Messages">The turns up to the model's answer.</param>
public sealed record EvaluatorItem(string Id, IReadOnlyList<Core.Message> Messages) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Id;
}

/// <summary>
/// Runs any evaluator of Microsoft.Extensions.AI.Evaluation over prompts: the model answers, the evaluator looks at each answer, and every metric becomes a measure: the mean of numbers, the share of
/// truths, with its interval. A metric without a value is counted by its diagnostic, and so is a text, which has no mean.
/// </summary>
public sealed record EvaluatorTask : IEvaluationTask
{
    /// <inheritdoc/>
    public required string Name { get; init; }

    /// <summary>The conversations.</summary>
    public required IReadOnlyList<EvaluatorItem> Items { get; init; }

    /// <summary>The evaluator.</summary>
    public required IEvaluator Evaluator { get; init; }

    /// <summary>The model that the evaluator asks, if it asks one; null for none.</summary>
    public ChatConfiguration? Judge { get; init; }

    /// <summary>Which way a metric is better; those that are not named have no good side.</summary>
    public IReadOnlyDictionary<string, Direction> Directions { get; init; } = new Dictionary<string, Direction>();

    /// <summary>Most tokens of an answer. Default 256.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <inheritdoc/>
    /// <returns>One measure for each of the evaluator's metrics.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var items = context.Choose(Items);
        var answers = await context.AskAsync(Name, [.. items.Select(i => new GenerationRequest(Prompt.OfMessages(i.Messages)) { MaxNewTokens = MaxNewTokens })]).ConfigureAwait(false);
        var results = new List<EvaluationResult?>();
        foreach (var (item, response) in items.Zip(answers.Responses))
            results.Add(response is not GeneratedTexts { First: var answer } ? null : await Evaluator.EvaluateAsync(
                item.Messages.Select(m => new ChatMessage(new ChatRole(m.Role), m.Content)), new(new ChatMessage(ChatRole.Assistant, answer.Text)), Judge, cancellationToken: context.Cancellation).ConfigureAwait(false));
        return
        [
            .. Evaluator.EvaluationMetricNames.Select(metric => MeasureSummary.OfMean(
                new()
                {
                    Name = $"{Name}.{metric.ToLowerInvariant().Replace(' ', '_')}",
                    Meaning = $"Mean of the metric {metric} of {Evaluator.GetType().Name} over the answers.",
                    Unit = results.Any(r => Find(r, metric) is BooleanMetric) ? "share" : metric,
                    Direction = Directions.GetValueOrDefault(metric, Direction.Neutral),
                    Count = 0,
                    Cost = answers.Cost,
                },
                [.. Enumerable.Range(0, items.Count).Select(i => ItemOf(items[i], answers.Responses[i], Find(results[i], metric)))])),
        ];
    }

    private static EvaluationMetric? Find(EvaluationResult? result, string metric) => result is not null && result.Metrics.TryGetValue(metric, out var found) ? found : null;

    private static ItemResult ItemOf(EvaluatorItem item, Response response, EvaluationMetric? metric)
    {
        var result = new ItemResult { Id = item.Id, Input = Prompt.OfMessages(item.Messages).ToString(), Output = "" };
        if (response is not GeneratedTexts { First: var answer })
            return result with { Why = Unanswered.ReasonOf(response) };
        double? score = metric switch
        {
            NumericMetric { Value: { } number } when double.IsFinite(number) => number,
            BooleanMetric { Value: { } truth } => truth ? 1 : 0,
            _ => null,
        };
        return result with
        {
            Output = answer.Text,
            Score = score,
            Why = score is not null ? metric!.Reason
                : metric?.Diagnostics?.FirstOrDefault() is { } diagnostic ? "evaluator: " + diagnostic.Message
                : metric is StringMetric ? "evaluator: the metric is a text" : "evaluator: no value",
            Truncated = answer.Truncated,
        };
    }
}
