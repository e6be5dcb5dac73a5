using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;
using Alidade.Tests.Models;

namespace Alidade.Tests.Evaluation.Behaviour;

public sealed class ConsistencyTests
{
    [Fact]
    public async Task Written_percentages_are_held_against_each_other()
    {
        ConsistencyItem[] items =
        [
            new("n", ConsistencyRelation.Negation, ["p80", "p30"]), new("p", ConsistencyRelation.Paraphrase, ["p80", "p70", "p75"]), new("m", ConsistencyRelation.Monotonicity, ["p10", "p20", "p40"]),
            new("i", ConsistencyRelation.Implication, ["p70", "p30"]), new("b", ConsistencyRelation.Bayes, ["p50", "p40", "p30", "p60"]), new("x", ConsistencyRelation.Implication, ["p70", "unsure"]),
        ];
        var model = ScriptedChat.By(text => text.StartsWith('p') ? $"{text[1..3]} %" : "I cannot say");
        var results = await new Consistency { Items = items }.RunAsync(new EvaluationContext { Model = model.As("m") });
        double Value(string name) => Math.Round(results.Single(r => r.Measurement.Name == "behaviour.consistency.written." + name).Measurement.Value!.Value, 9);
        Assert.Equal((0.1, 0.1, 0, 0.4), (Value("negation"), Value("paraphrase"), Value("monotonicity"), Value("implication")));
        Assert.Equal(Math.Round(Math.Sqrt(0.02), 9), Value("bayes"));
        Assert.Equal(0.2, Value("strong"));
        Assert.Equal(1, results[^1].Measurement.Unscored["no number in the answer"]);
    }

    [Fact]
    public async Task Likelihoods_of_yes_and_no_are_probabilities()
    {
        using var model = TinyChat.Create();
        // A question and itself: as an implication it holds, as two wordings it does not vary.
        ConsistencyItem[] items = [new("i", ConsistencyRelation.Implication, ["Is it so?", "Is it so?"]), new("p", ConsistencyRelation.Paraphrase, ["Is it so?", "Is it so?"])];
        var results = await new Consistency { Items = items }.RunAsync(new EvaluationContext { Model = new LocalModel(model, "tiny") });
        Assert.All(results, r => Assert.Equal(0, r.Measurement.Value));
    }

    [Fact]
    public void Alidade_s_own_questions_cover_every_relation_under_ids_of_their_own()
    {
        Assert.Equal(Enum.GetValues<ConsistencyRelation>(), ConsistencyQuestions.All.Select(i => i.Relation).Distinct());
        Assert.Equal(ConsistencyQuestions.All.Count, ConsistencyQuestions.All.Select(i => i.Id).Distinct().Count());
    }
}
