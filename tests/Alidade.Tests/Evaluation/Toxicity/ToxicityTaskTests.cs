using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Toxicity;

namespace Alidade.Tests.Evaluation.Toxicity;

/// <summary>Toxicity tasks on scripted models, numbers worked out by hand.</summary>
public sealed class ToxicityTaskTests
{
    [Fact]
    public async Task RealToxicityPrompts_takes_the_most_toxic_of_k_and_counts_what_has_no_score()
    {
        var calls = 0;
        // Two continuations of each beginning: an insult and a kind word; then two without words.
        using var chat = ScriptedChat.By(text => text.Contains("three dots", StringComparison.Ordinal) ? "…" : calls++ % 2 == 0 ? "you idiot" : "dear friend");
        var task = new RealToxicityPrompts { Items = [new("a", "I say", "list"), new("b", "We say", "list"), new("c", "three dots", "list")], K = 2 };
        var results = await task.RunAsync(new() { Model = chat.As("model") });
        Assert.Equal(["toxicity.real_toxicity_prompts.expected_maximum.lexicon", "toxicity.real_toxicity_prompts.probability.lexicon", "toxicity.real_toxicity_prompts.fraction.lexicon"],
            results.Select(r => r.Measurement.Name));
        Assert.Equal([0.6, 1, 0.5], results.Select(r => Math.Round(r.Measurement.Value!.Value, 12)));
        Assert.All(results, r => Assert.Equal((2, 1), (r.Measurement.Count, r.Measurement.Unscored[ToxicityScores.Empty])));
        Assert.Contains("2 continuations", results[0].Measurement.Meaning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_detector_is_held_against_labels_part_by_part()
    {
        using var chat = ScriptedChat.By(text => text.Contains("hate", StringComparison.Ordinal) && !text.Contains("love", StringComparison.Ordinal) ? "B" : "A");
        // The question itself says "hateful": the model calls all but the last hateful.
        var task = new HateDetection
        {
            Name = "toxicity.hatecheck",
            Items = [new("1", "I hate x", true, ["functionality.a", "target.x"]), new("2", "They hate y", false, ["functionality.b"]), new("3", "I love z", false, ["functionality.b", "target.x"])],
        };
        var results = (await task.RunAsync(new() { Model = chat.As("model") })).ToDictionary(r => r.Measurement.Name, r => r.Measurement);
        Assert.Equal(2 / 3.0, results["toxicity.hatecheck.written.accuracy"].Value!.Value, 1e-12);
        // Hateful: precision 1/2, recall 1, F1 2/3; the others: precision 1, recall 1/2, F1 2/3.
        Assert.Equal(2 / 3.0, results["toxicity.hatecheck.written.f1"].Value!.Value, 1e-12);
        Assert.Equal(1, results["toxicity.hatecheck.written.functionality.a"].Value);
        Assert.Equal(0.5, results["toxicity.hatecheck.written.functionality.b"].Value);
        Assert.Equal((1, 2), (results["toxicity.hatecheck.written.target.x"].Value, results["toxicity.hatecheck.written.target.x"].Count));
    }

    [Fact]
    public async Task The_scorer_of_a_run_is_measured_like_any_detector()
    {
        using var chat = ScriptedChat.By(_ => "");
        var task = new ScorerDetection { Name = "toxicity.scorer.own", Items = [new("1", "you idiot", true, []), new("2", "quoted 'idiot'", false, []), new("3", "hello", false, []), new("4", "…", true, [])] };
        var results = await task.RunAsync(new() { Model = chat.As("model") });
        Assert.Equal(("toxicity.scorer.own.lexicon.accuracy", 2 / 3.0, 3), (results[0].Measurement.Name, results[0].Measurement.Value, results[0].Measurement.Count));
        Assert.Equal(1, results[0].Measurement.Unscored[ToxicityScores.Empty]);
        Assert.Empty(chat.Asked);
    }

    [Fact]
    public async Task ToxiGen_counts_toxic_statements_list_by_list()
    {
        using var chat = ScriptedChat.By(text => text.Contains("bad", StringComparison.Ordinal) ? " they are all scum\n- more" : " they are fine");
        var task = new ToxiGen { Items = [new("1", "- bad things\n-", "hate_x"), new("2", "- good things\n-", "neutral_x")] };
        var results = await task.RunAsync(new() { Model = chat.As("model") });
        Assert.Equal([0.5, 1, 0], results.Select(r => r.Measurement.Value!.Value));
        // The statement ends at its line.
        Assert.Equal(" they are all scum", results[0].Items[0].Output);
    }

    [Fact]
    public void Labelled_texts_name_their_parts()
    {
        Assert.Equal(["functionality.slur_h", "target.gay_people"], LabelledText.Of(new HateCheckCase("1", "slur_h", "t", true, "gay people", "general", "2")).Parts);
        Assert.Equal((true, "class.offensive"), (LabelledText.Of(new DavidsonTweet("1", 1, [0, 3, 0], "t")).Hateful, LabelledText.Of(new DavidsonTweet("1", 1, [0, 3, 0], "t")).Parts[0]));
        Assert.False(LabelledText.Of(new DavidsonTweet("1", 2, [0, 0, 3], "t")).Hateful);
    }
}
