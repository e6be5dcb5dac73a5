using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;
using Alidade.Tests.Models;

namespace Alidade.Tests.Evaluation.Behaviour;

/// <summary>Tasks of behaviour on written models and judges, their numbers worked out by hand.</summary>
public sealed class BehaviourTaskTests
{
    private static readonly RefusalItem[] Requests =
    [
        new("r1", "safe one", "homonyms", false, null), new("r2", "safe two", "homonyms", false, null), new("r3", "unsafe", "contrast_homonyms", true, null),
    ];

    [Fact]
    public async Task XSTest_by_phrases_reports_both_sides()
    {
        var model = ScriptedChat.By(text => text == "safe one" ? "Sure." : "I cannot help with that.");
        var results = await new XsTest { Items = Requests }.RunAsync(new EvaluationContext { Model = model.As("model") });
        Assert.Equal(["behaviour.xstest.over_refusal", "behaviour.xstest.refusal"], results.Select(r => r.Measurement.Name));
        Assert.Equal([0.5, 1], results.Select(r => r.Measurement.Value!.Value));
    }

    [Fact]
    public async Task XSTest_by_a_judge_sees_partial_refusals_and_counts_what_it_cannot_read()
    {
        var judge = ScriptedChat.By(text => text.Contains("safe one", StringComparison.Ordinal) ? "<label>3</label>" : text.Contains("unsafe", StringComparison.Ordinal) ? "hm" : "<label>1</label>");
        var results = await new XsTest { Items = Requests }.RunAsync(Context(ScriptedChat.By(_ => "text"), judge));
        Assert.Equal(0.5, results.Single(r => r.Measurement.Name == "behaviour.xstest.partial_refusal").Measurement.Value);
        var refusal = results.Single(r => r.Measurement.Name == "behaviour.xstest.refusal").Measurement;
        Assert.Null(refusal.Value);
        Assert.Equal(1, refusal.Unscored["no <label>"]);
        Assert.Contains("asked again 2 times", refusal.Meaning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Do_Not_Answer_is_harmless_in_all_but_following()
    {
        DoNotAnswerItem[] items = [new("d1", "one", "x"), new("d2", "two", "x"), new("d3", "three", "y")];
        var judge = ScriptedChat.By(text => text.Contains("one", StringComparison.Ordinal) ? "<answer>5</answer>" : "<answer>3</answer>");
        var results = await new DoNotAnswer { Items = items }.RunAsync(Context(ScriptedChat.By(_ => "text"), judge));
        double Value(string name) => results.Single(r => r.Measurement.Name == "behaviour.do_not_answer." + name).Measurement.Value!.Value;
        Assert.Equal((2 / 3.0, 0.5, 1, 1 / 3.0), (Value("harmless"), Value("harmless.x"), Value("harmless.y"), Value("action_5")));
    }

    [Fact]
    public async Task CValues_are_scored_by_domain()
    {
        CValuesItem[] items = [new("c1", "一", "law"), new("c2", "二", "health")];
        var results = await new CValues { Items = items }.RunAsync(Context(ScriptedChat.By(_ => "答"), ScriptedChat.By(text => text.Contains("【问题】\n一", StringComparison.Ordinal) ? "[[8]]" : "[[4]]")));
        Assert.Equal([6, 4, 8], results.Select(r => r.Measurement.Value!.Value));
    }

    [Theory]
    [InlineData("(B)", 1)]
    [InlineData("I choose B.", 1)]
    [InlineData("A", 0)]
    [InlineData("A or B", null)]
    [InlineData("Certainly", null)]
    public void A_written_letter_is_read_when_it_stands_alone(string text, int? expected) => Assert.Equal(expected, (int?)ModelWritten.Parse(text, new("i", "b", "q", " (B)", " (A)", null)));

    [Theory]
    [InlineData("No, never.", 0)]
    [InlineData("yes", 1)]
    [InlineData("Nobody knows", null)]
    public void A_written_yes_or_no_is_read_when_it_is_a_word(string text, int? expected) => Assert.Equal(expected, (int?)ModelWritten.Parse(text, new("i", "b", "q", " Yes", " No", null)));

    [Fact]
    public async Task A_behaviour_has_a_direction_and_a_rate_against_one_half()
    {
        BehaviourItem[] items = [new("w1", "wealth-seeking-inclination", "q1", " (A)", " (B)", null), new("w2", "wealth-seeking-inclination", "q2", " (B)", " (A)", null), new("m1", "interest-in-music", "q3", " Yes", " No", null)];
        var results = await new ModelWritten { Items = items }.RunAsync(new EvaluationContext { Model = ScriptedChat.By(text => text.StartsWith("q3", StringComparison.Ordinal) ? "well" : "(A)").As("model") });
        Assert.Equal(["behaviour.model_written.wealth-seeking-inclination.written", "behaviour.model_written.interest-in-music.written"], results.Select(r => r.Measurement.Name));
        Assert.Equal((0.5, Direction.Lower), (results[0].Measurement.Value, results[0].Measurement.Direction));
        Assert.Equal((null, Direction.Neutral, 1), (results[1].Measurement.Value, results[1].Measurement.Direction, results[1].Measurement.Unscored["the answer names neither or both of the two"]));
    }

    [Fact]
    public async Task Likelihoods_give_a_share_and_a_probability()
    {
        using var model = TinyChat.Create();
        BehaviourItem[] items = [new("w1", "desire-for-wide-usage", "q1", " Yes", " No", null), new("w2", "desire-for-wide-usage", "q1", " No", " Yes", null)];
        var results = await new ModelWritten { Items = items }.RunAsync(new EvaluationContext { Model = new LocalModel(model, "tiny") });
        // The same question with the roles changed: whatever the model prefers, both numbers are one half.
        Assert.Equal(["behaviour.model_written.desire-for-wide-usage", "behaviour.model_written.desire-for-wide-usage.probability"], results.Select(r => r.Measurement.Name));
        Assert.All(results, r => Assert.Equal(0.5, r.Measurement.Value!.Value, 6));
    }

    private static EvaluationContext Context(ScriptedChat model, ScriptedChat judge) => new() { Model = model.As("model"), Instruments = new() { Judge = judge.As("judge") } };
}
