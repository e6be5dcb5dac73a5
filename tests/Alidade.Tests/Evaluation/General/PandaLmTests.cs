using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.General;

namespace Alidade.Tests.Evaluation.General;

public sealed class PandaLmTests
{
    [Fact]
    public async Task A_judge_is_measured_against_people_against_order_and_against_length()
    {
        // The judge always takes the longer answer; people prefer the longer one twice, the shorter once, and disagree once.
        PandaLmComparison[] items =
        [
            new("p1", "", "one", "", "long answer", "short", [1, 1, 1]), new("p2", "", "two", "", "short", "long answer", [2, 2, 0]), new("p3", "", "three", "", "long answer", "short", [2, 2, 2]),
            new("p4", "", "four", "", "long answer", "short", [0, 1, 2]),
        ];
        var judge = ScriptedChat.By(text => text.IndexOf("long answer", StringComparison.Ordinal) < text.IndexOf("[Answer B]", StringComparison.Ordinal) && text.Contains("long answer", StringComparison.Ordinal)
            && text.IndexOf("long answer", StringComparison.Ordinal) > text.IndexOf("[Answer A]", StringComparison.Ordinal) ? "[[A]]" : "[[B]]");
        var results = (await new PandaLm { Items = items }.RunAsync(new EvaluationContext { Model = judge.As("judge") })).ToDictionary(r => r.Measurement.Name["general.pandalm.".Length..], r => r.Measurement);
        Assert.Equal(2 / 3.0, results["accuracy"].Value!.Value, 12);
        Assert.Equal((3, 1), (results["accuracy"].Count, results["accuracy"].Unscored["people disagree"]));
        Assert.Equal((1, 1, 1, 1), (results["position_consistency"].Value, results["self_agreement"].Value, results["prefers_longer"].Value, results["verbosity_bias"].Value));
        // Labels 1, 2, 2 against 1, 2, 1: agreement 2/3, by chance 4/9.
        Assert.Equal(0.4, results["kappa"].Value!.Value, 12);
    }

    [Fact]
    public async Task A_judge_that_follows_the_place_is_never_consistent_and_ties()
    {
        PandaLmComparison[] items = [new("p1", "", "one", "", "a", "b", [0, 0, 0])];
        var results = await new PandaLm { Items = items }.RunAsync(new EvaluationContext { Model = ScriptedChat.By(_ => "[[A]]").As("judge") });
        Assert.Equal(0, results.Single(r => r.Measurement.Name.EndsWith("position_consistency", StringComparison.Ordinal)).Measurement.Value);
        Assert.Equal(1, results.Single(r => r.Measurement.Name.EndsWith("accuracy", StringComparison.Ordinal)).Measurement.Value);
    }
}
