using System.Globalization;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.General;
using Alidade.Evaluation.Judges;
using Microsoft.Extensions.AI;

namespace Alidade.Tests.Evaluation.General;

/// <summary>Tasks of general evaluation on written models and judges, their numbers worked out by hand.</summary>
public sealed class JudgedTaskTests
{
    private static readonly MtBenchPrompt[] Prompts =
    [
        new("single-v1", MtBenchPromptType.Single, "s", "rate {question} {answer}"),
        new("single-v1-multi-turn", MtBenchPromptType.Single, "s", "rate second {question_1} {answer_1} {question_2} {answer_2}"),
        new("single-math-v1", MtBenchPromptType.Single, "s", "rate {question} {ref_answer_1} {answer}"),
        new("single-math-v1-multi-turn", MtBenchPromptType.Single, "s", "rate second {ref_answer_1} {ref_answer_2} {answer_1} {answer_2}"),
        new("pair-v2", MtBenchPromptType.Pairwise, "s", "A: {answer_a} B: {answer_b}"),
        new("pair-v2-multi-turn", MtBenchPromptType.Pairwise, "s", "A: {answer_a_2} B: {answer_b_2}"),
    ];

    private static readonly MtBenchQuestion[] Questions =
    [
        new("mt-bench-1", "writing", ["write", "again"], []),
        new("mt-bench-2", "math", ["sum", "product"], ["3", "2"]),
    ];

    [Fact]
    public async Task MT_bench_rates_both_turns_the_second_after_the_first()
    {
        var model = ScriptedChat.By(text => $"<{text.Replace('\n', '|')}>");
        var judge = ScriptedChat.By(text => text.Contains("second", StringComparison.Ordinal) ? "[[4]]" : text.Contains("sum 3 ", StringComparison.Ordinal) ? "[[9]]" : "[[8]]");
        var results = await new MtBench { Items = Questions, Prompts = Prompts }.RunAsync(Context(model, judge));
        Assert.Equal((6.25, 4), (Value(results, "general.mt_bench"), results[0].Measurement.Count));
        Assert.Equal((8.5, 4.0), (Value(results, "general.mt_bench.turn_1"), Value(results, "general.mt_bench.turn_2")));
        Assert.Equal(6.5, Value(results, "general.mt_bench.math"));
        // The second turn is asked with the first and its answer before it.
        Assert.Contains(results[0].Items, i => i.Id == "mt-bench-1/2" && i.Output == "<write|<write>|again>");
        Assert.Contains(model.Asked, a => a.Options.Temperature == 0.7f);
        Assert.Contains(model.Asked, a => a.Options.Temperature == 0);
    }

    [Fact]
    public async Task A_turn_after_an_answer_that_failed_is_not_asked_and_both_are_counted()
    {
        var model = ScriptedChat.By(text => text == "write" ? "" : "fine");
        var results = await new MtBench { Items = Questions, Prompts = Prompts }.RunAsync(Context(model, ScriptedChat.By(_ => "[[5]]")));
        Assert.Equal((2, 2), (results[0].Measurement.Count, results[0].Measurement.Unscored["empty answer"]));
        Assert.Equal(3, model.Asked.Count);
    }

    [Fact]
    public async Task Pairs_are_judged_in_both_orders_and_disagreement_is_a_tie()
    {
        // Of the first turn the longer answer wins in both orders, of the second always the first place.
        var judge = ScriptedChat.By(text => text.Contains("A: long B: b", StringComparison.Ordinal) ? "[[A]]" : text.Contains("A: b B: long", StringComparison.Ordinal) ? "[[B]]" : "[[A]]");
        var model = ScriptedChat.By(text => text == "write" ? "long" : "second");
        var task = new MtBenchPairwise { Items = Questions[..1], Prompts = Prompts, Baseline = new Dictionary<string, IReadOnlyList<string>> { ["mt-bench-1"] = ["b", "b"] } };
        var results = await task.RunAsync(Context(model, judge));
        Assert.Equal(0.75, Value(results, "general.mt_bench.pairwise.win_rate"));
        Assert.Equal(0.5, Value(results, "general.mt_bench.pairwise.position_consistency"));
        var lost = await Assert.ThrowsAsync<AlidadeException>(() => (task with { Items = Questions }).RunAsync(Context(model, judge)));
        Assert.Contains("mt-bench-2", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AlpacaEval_averages_the_preferences_of_both_orders_and_controls_length()
    {
        // Twelve instructions; the judge prefers the longer answer, and says so with probabilities.
        AlpacaOutput[] items = [.. Enumerable.Range(0, 12).Select(i => new AlpacaOutput($"a{i}", $"do {i}", new string('b', 20), "baseline", null))];
        var model = ScriptedChat.By(text => new string('c', (int.Parse(text[3..], CultureInfo.InvariantCulture) * 4) + 2));
        var judge = new ScriptedChat((messages, _) =>
        {
            int[] lengths = [.. messages[^1].Text.Split("[Answer ").Skip(1).Select(a => a[3..].Split('\n')[0].Length)];
            var first = lengths[0] > lengths[1];
            var response = ScriptedChat.Said(first ? "m" : "M");
            return WithTop(response, first ? [("m", 0.8), ("M", 0.2)] : [("M", 0.8), ("m", 0.2)]);
        });
        var results = await new AlpacaEval { Items = items }.RunAsync(Context(model, judge));
        // 2, 6, …, 18 are shorter than 20 (five of them), the other seven longer: (5·0.2 + 7·0.8)/12.
        Assert.Equal(6.6 / 12, Value(results, "general.alpaca_eval.win_rate"), 9);
        Assert.Equal(1, Value(results, "general.alpaca_eval.position_consistency"));
        Assert.Equal(24, Value(results, "general.alpaca_eval.length"));
        Assert.Equal(12, results.Single(r => r.Measurement.Name == "general.alpaca_eval.length_controlled_win_rate").Measurement.Count);
    }

    [Fact]
    public async Task A_judge_without_probabilities_gives_measures_of_another_name()
    {
        AlpacaOutput[] items = [.. Enumerable.Range(0, 6).Select(i => new AlpacaOutput($"a{i}", $"do {i}", "b", "baseline", null))];
        var results = await new AlpacaEval { Items = items }.RunAsync(Context(ScriptedChat.By(text => text), ScriptedChat.By(_ => "m")));
        // Always the first place: a draw on average, and never consistent.
        Assert.Equal(0.5, Value(results, "general.alpaca_eval.written.win_rate"));
        Assert.Equal(0, Value(results, "general.alpaca_eval.position_consistency"));
    }

    [Fact]
    public async Task FLASK_gives_every_skill_its_own_number()
    {
        FlaskItem[] items =
        [
            new("flask-1", "one", "", ["Readability", "Conciseness"], [], null), new("flask-2", "two", "ref", ["Readability"], [], "easy"), new("flask-3", "three", "", ["Readability"], [], null),
        ];
        var judge = ScriptedChat.By(text => text.Contains("Conciseness", StringComparison.Ordinal) ? "{\"Readability\": 2, \"Conciseness\": \"N/A\"}" : text.Contains("ref", StringComparison.Ordinal) ? "{\"Readability\": 5}" : "well");
        var results = await new FlaskTask { Items = items, Judge = new() { Retries = 0 } }.RunAsync(Context(ScriptedChat.By(_ => "answer"), judge));
        Assert.Equal(["general.flask.readability", "general.flask.conciseness"], results.Select(r => r.Measurement.Name));
        Assert.Equal((3.5, 2), (results[0].Measurement.Value!.Value, results[0].Measurement.Count));
        Assert.Equal(1, results[0].Measurement.Unscored["no dictionary {…} of scores"]);
        Assert.Equal(1, results[1].Measurement.Unscored["the judge says that the skill does not apply"]);
        var unknown = await Assert.ThrowsAsync<AlidadeException>(() => new FlaskTask { Items = [items[0] with { Skills = ["Readabilty"] }] }.RunAsync(Context(judge, judge)));
        Assert.Contains("FLASK has no skill 'Readabilty' (did you mean 'Readability'?)", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task G_Eval_takes_the_expectation_over_score_tokens_else_samples_under_another_name()
    {
        PromptRow[] items = [new("t1", "write")];
        GEvalAspect[] aspects = [new("clarity", "It is clear.")];
        var weighted = new ScriptedChat((_, _) => WithTop(ScriptedChat.Said("4"), [("4", 0.5), ("2", 0.25), ("x", 0.25)]));
        var results = await new GEvalTask { Items = items, Aspects = aspects }.RunAsync(Context(ScriptedChat.By(_ => "text"), weighted));
        Assert.Equal(10 / 3.0, Value(results, "general.g_eval.clarity"), 9);
        var sampled = new ScriptedChat((_, options) => ScriptedChat.Said(options.Temperature == 0 || options.Seed % 2 == 0 ? "3" : "5"));
        results = await new GEvalTask { Items = items, Aspects = aspects, Samples = 4 }.RunAsync(Context(ScriptedChat.By(_ => "text"), sampled));
        Assert.Equal(4, Value(results, "general.g_eval.clarity.samples"));
    }

    [Fact]
    public async Task An_examiner_asks_asks_on_and_marks()
    {
        var judge = ScriptedChat.By(text =>
            text.Contains("[End of the answer]", StringComparison.Ordinal) ? $"Accuracy: 3\nCoherence: 3\nFactuality: 3\nComprehensiveness: 3\nOverall: {(text.Contains("further", StringComparison.Ordinal) ? 5 : 4)}"
            : text.Contains("goes deeper", StringComparison.Ordinal) ? "further?" : "first?");
        var results = await new LmExaminerTask { Domains = ["law", "art"], Questions = 1 }.RunAsync(Context(ScriptedChat.By(text => "answer to " + text), judge));
        Assert.Equal((4.5, 4), (Value(results, "general.lm_examiner.overall"), results[0].Measurement.Count));
        Assert.Equal(0.5, Value(results, "general.lm_examiner.full_marks"));
        Assert.Contains(results[0].Items, i => i is { Id: "law-1/follow-up", Input: "further?", Output: "answer to further?", Cluster: "law-1" });
    }

    [Fact]
    public async Task Peers_that_see_the_same_winner_agree_on_the_ranking()
    {
        // Each model writes its own name; a is better than b is better than c, but c finds itself the best.
        ScriptedChat Peer(string name) => ScriptedChat.By(text =>
        {
            if (!text.Contains("[Answer A]", StringComparison.Ordinal))
                return name;
            var (first, second) = (text.Split("[Answer A]\n")[1][0], text.Split("[Answer B]\n")[1][0]);
            if (name == "c" && (first == 'c' || second == 'c'))
                return first == 'c' ? "[[A]]" : "[[B]]";
            return first < second ? "[[A]]" : "[[B]]";
        });
        var context = new EvaluationContext { Model = Peer("a").As("a") };
        var task = new PeerReviewTask { Items = [new("t1", "write"), new("t2", "write more")], Others = [Peer("b").As("b"), Peer("c").As("c")], Resamples = 20 };
        var results = await task.RunAsync(context);
        Assert.Equal([1.0, 0.5, 0.0], ((string[])["a", "b", "c"]).Select(m => Math.Round(Value(results, $"general.peer_rank.score.{m}"), 6)));
        Assert.Equal(0, Value(results, "general.peer_rank.weight.c"));
        // c's own reviews are wins of c, so that every rating is finite, and weigh as much as the others'.
        string[] rated = [.. results.Where(r => r.Measurement.Name.StartsWith("general.peer_rank.rating.", StringComparison.Ordinal)).Select(r => r.Measurement.Name[^1..])];
        Assert.Equal("a", rated[0]);
        Assert.Equal(1000, results.Where(r => r.Measurement.Name.StartsWith("general.peer_rank.rating.", StringComparison.Ordinal)).Average(r => r.Measurement.Value!.Value), 6);
        Assert.Single(results.Single(r => r.Measurement.Name == "general.peer_rank.rating_at_equal_length").Measurement.Unscored);
        // c never sees that the others' answers are better than its own, and its own never is: there is nothing to recognise, and no number.
        Assert.Null(results.Single(r => r.Measurement.Name == "general.peer_rank.self_preference.c").Measurement.Value);
        Assert.Contains("with itself 1.000, with the others 0.000", results.Single(r => r.Measurement.Name == "general.peer_rank.self_preference.c").Measurement.Meaning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_needs_a_judge_says_so() =>
        await Assert.ThrowsAsync<MissingInstrumentException>(() => new MtBench { Items = Questions, Prompts = Prompts }.RunAsync(new EvaluationContext { Model = ScriptedChat.By(_ => "").As("model") }));

    private static ChatResponse WithTop(ChatResponse response, (string Text, double P)[] top)
    {
        var log = top.Select(t => (t.Text, Math.Log(t.P))).ToArray();
        response.AdditionalProperties = new() { ["logprobs"] = (IReadOnlyList<Alidade.Models.Endpoints.EndpointToken>)[new(response.Text, log[0].Item2, log)] };
        return response;
    }

    private static EvaluationContext Context(ScriptedChat model, ScriptedChat judge) => new() { Model = model.As("model"), Instruments = new() { Judge = judge.As("judge") } };

    private static double Value(IReadOnlyList<MeasureResult> results, string name) => results.Single(r => r.Measurement.Name == name).Measurement.Value!.Value;
}
