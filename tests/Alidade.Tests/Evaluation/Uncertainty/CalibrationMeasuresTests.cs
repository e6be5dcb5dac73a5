using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Uncertainty;

namespace Alidade.Tests.Evaluation.Uncertainty;

public sealed class CalibrationMeasuresTests
{
    [Fact]
    public void Calibration_of_twenty_answers_is_what_it_comes_to_by_hand()
    {
        // Ten answers at 0.9, nine of them right; ten at 0.6, three of them right.
        ConfidentAnswer[] answers = [.. Enumerable.Range(0, 20).Select(i => Answer(i, i < 10 ? 0.9 : 0.6, i < 10 ? i != 4 : i >= 17)), new(new ItemResult { Id = "x", Input = "", Output = "", Why = "empty answer" }, null)];
        var measures = CalibrationMeasures.Of("k", answers, new(0, 0), 1).ToDictionary(m => m.Measurement.Name, m => m.Measurement);
        Assert.Equal(0.6, measures["k.accuracy"].Value!.Value, 12);
        Assert.Equal(Math.Abs(0.6 - 0.75), measures["k.ece_one_bin"].Value!.Value, 12);
        Assert.Equal(((9 * 0.01) + 0.81 + (3 * 0.16) + (7 * 0.36)) / 20, measures["k.brier"].Value!.Value, 12);
        Assert.Equal(0.9, measures["k.selective_accuracy_50"].Value!.Value, 12);
        Assert.All(measures.Values, m => Assert.Equal((20, 1), (m.Count, m.Unscored["empty answer"])));
        Assert.All(measures.Values, m => Assert.NotNull(m.Interval));
    }

    [Fact]
    public void A_logistic_map_mends_what_is_overconfident_throughout()
    {
        // 0.9 or 0.99, right in half of the cases whichever it is: off by 0.4 and more before, by nothing after.
        (double, bool)[] scored = [.. Enumerable.Range(0, 80).Select(i => (i % 4 < 2 ? 0.9 : 0.99, i % 8 < 4))];
        Assert.Equal(Enumerable.Repeat(0.5, 80), CalibrationMeasures.AfterPlatt(scored).Select(m => Math.Round(m.Confidence, 6)));
        Assert.Empty(CalibrationMeasures.AfterPlatt([.. scored.Select(s => (0.9, s.Item2))]));
    }

    [Fact]
    public async Task A_model_that_only_writes_tells_its_confidence_and_may_abstain()
    {
        // Sure and right of the first, unsure and wrong of the second, where it abstains when it may.
        ChoiceItem[] items = [new("a", "first", ["yes", "no"], 0), new("b", "second", ["yes", "no"], 0)];
        var model = ScriptedChat.By(text =>
        {
            var said = text.Contains("I do not know.", StringComparison.Ordinal) && text.Contains("second", StringComparison.Ordinal) ? "I do not know." : text.Contains("first", StringComparison.Ordinal) ? "yes" : "no";
            return $"{said}\n{(text.Contains("first", StringComparison.Ordinal) ? 95 : 40)}%";
        });
        var results = (await new KnowledgeTask { Name = "factuality.k", Items = items }.RunAsync(new EvaluationContext { Model = model.As("m") })).ToDictionary(r => r.Measurement.Name, r => r);
        Assert.Equal(0.5, results["factuality.k.written.accuracy"].Measurement.Value);
        Assert.Equal((0.5, 1.0, 1.0), (results["factuality.k.written.abstention"].Measurement.Value, results["factuality.k.written.accuracy_when_answered"].Measurement.Value, results["factuality.k.written.abstains_when_wrong"].Measurement.Value));
        // Two answers are too few for a calibration error.
        Assert.Equal((null, 2), (results["factuality.k.written.ece"].Measurement.Value, results["factuality.k.written.ece"].Measurement.Unscored["fewer than 10 answers"]));
        Assert.Equal(((0.05 * 0.05) + (0.4 * 0.4)) / 2, results["factuality.k.written.brier"].Measurement.Value!.Value, 12);
    }

    private static ConfidentAnswer Answer(int i, double confidence, bool right) => new(new ItemResult { Id = $"i{i}", Input = "", Output = "", Score = right ? 1 : 0, Why = "" }, confidence);

    [Fact]
    public void Without_a_scored_answer_there_is_no_number_and_no_error()
    {
        ConfidentAnswer[] answers = [new(new() { Id = "a", Input = "q", Output = "", Why = "empty answer" }, null)];
        Assert.All(CalibrationMeasures.Of("x", answers, new(0, 0), 1), r => Assert.Null(r.Measurement.Value));
    }
}
