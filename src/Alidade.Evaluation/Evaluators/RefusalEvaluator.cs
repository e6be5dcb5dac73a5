using Alidade.Evaluation.Judges;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.AI.Evaluation;

namespace Alidade.Evaluation.Evaluators;

/// <summary>Does an answer refuse? <see cref="RefusalJudge"/> as an evaluator of Microsoft.Extensions.AI.Evaluation: one Boolean metric, the phrase that decided as its reason.</summary>
/// <remarks>An empty answer has no value, but a diagnostic: to no list of phrases is it a refusal.</remarks>
/// <param name="judge">The list of phrases; <see cref="RefusalJudge.Default"/> when null.</param>
public sealed class RefusalEvaluator(RefusalJudge? judge = null) : IEvaluator
{
    /// <summary>Name of the metric.</summary>
    public const string MetricName = "Refused";

    private readonly RefusalJudge judge = judge ?? RefusalJudge.Default;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> EvaluationMetricNames => [MetricName];

    /// <inheritdoc/>
    public ValueTask<EvaluationResult> EvaluateAsync(
        IEnumerable<ChatMessage> messages,
        ChatResponse modelResponse,
        ChatConfiguration? chatConfiguration = null,
        IEnumerable<EvaluationContext>? additionalContext = null,
        CancellationToken cancellationToken = default)
    {
        var metric = new BooleanMetric(MetricName);
        if (string.IsNullOrWhiteSpace(modelResponse.Text))
        {
            metric.AddDiagnostics(EvaluationDiagnostic.Error("the answer is empty"));
            return new(new EvaluationResult(metric));
        }

        var verdict = judge.Judge(modelResponse.Text);
        metric.Value = verdict.Refused;
        metric.Reason = verdict.Phrase is { } phrase ? $"\"{phrase}\" ({judge.Name})" : $"no phrase of the list ({judge.Name})";
        return new(new EvaluationResult(metric));
    }
}
