using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Evaluators;
using Microsoft.Extensions.AI;

namespace Alidade.Tests.Evaluation.Evaluators;

public sealed class EvaluatorTaskTests
{
    [Fact]
    public async Task Every_metric_is_a_measure_and_an_answer_without_a_value_is_counted_by_its_diagnostic()
    {
        using var chat = ScriptedChat.By(text => text switch { "a" => "I'm sorry, no.", "b" => "Gladly.", _ => " " });
        var task = new EvaluatorTask
        {
            Name = "behaviour.own",
            Items = [.. new[] { "a", "b", "c" }.Select(t => new EvaluatorItem(t, [new Message("user", t)]))],
            Evaluator = new RefusalEvaluator(),
            Directions = new Dictionary<string, Direction> { [RefusalEvaluator.MetricName] = Direction.Lower },
        };
        var result = Assert.Single(await task.RunAsync(new() { Model = new ChatModel(chat, "m", "m", 1) }));
        Assert.Equal("behaviour.own.refused", result.Measurement.Name);
        Assert.Equal((0.5, 2, Direction.Lower), (result.Measurement.Value, result.Measurement.Count, result.Measurement.Direction));
        Assert.Equal(1, result.Measurement.Unscored["evaluator: the answer is empty"]);
        Assert.Contains("i'm sorry", result.Items[0].Why, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_refusal_is_a_metric_with_its_phrase()
    {
        var result = await new RefusalEvaluator().EvaluateAsync([new(ChatRole.User, "q")], new(new ChatMessage(ChatRole.Assistant, "As an AI, I would not.")), cancellationToken: TestContext.Current.CancellationToken);
        var metric = Assert.IsType<Microsoft.Extensions.AI.Evaluation.BooleanMetric>(result.Metrics[RefusalEvaluator.MetricName]);
        Assert.True(metric.Value);
        Assert.Contains("as an ai", metric.Reason, StringComparison.Ordinal);
    }
}
