using Alidade.Core;
using Alidade.Models;
using Alidade.Tests.Core;
using Alidade.Tests.Evaluation;
using Alidade.Tests.Models;
using Alidade.Tests.Training.Trainers;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Objectives.Reward;
using Alidade.Training.Rewards;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Rewards;

public sealed class RewardTests
{
    [Theory]
    [InlineData(10, 1)]
    [InlineData(5, 0.5)]
    [InlineData(15, 0.5)]
    [InlineData(100, -1)]
    public void A_length_target_falls_with_the_distance(int tokens, double expected) =>
        Assert.Equal(expected, new LengthTarget { Tokens = 10 }.Score(Asked.Answer("", tokens: tokens)).Value!.Value, 1e-12);

    [Theory]
    [InlineData("Is it so?", 1)]
    [InlineData("Is it so?\n", 1)]
    [InlineData("是吗？", 1)]
    [InlineData("It is so.", 0)]
    [InlineData("", 0)]
    public void A_question_is_known_by_its_end(string answer, double expected) => Assert.Equal(expected, new EndsWithQuestion().Score(Asked.Answer(answer)).Value);

    [Theory]
    [InlineData("so it is 1,234.", 1234, 1)]
    [InlineData("first 7, then 5.0", 5, 1)]
    [InlineData("so it is 12", 1234, 0)]
    [InlineData("I do not know", 1234, 0)]
    public void An_exact_answer_is_the_last_number(string answer, int right, double expected) =>
        Assert.Equal(expected, new ExactAnswer().Score(Asked.Answer(answer, fields: ("answer", right))).Value);

    [Theory]
    [InlineData(WeightStorage.Decoded)]
    [InlineData(WeightStorage.AsStored)]
    public void A_reward_model_is_told_from_one_of_other_weights_however_they_are_held(WeightStorage weights)
    {
        using var folder = new TemporaryFolder();
        string Fingerprint(ulong seed)
        {
            using var tiny = Tiny.Model();
            using var model = CausalLM.Create(tiny.Config with { Width = 32, HeadDim = 16, MlpWidth = 32, Rotary = new() { Dimensions = 16 } }, tokenizer: null, chatTemplate: null, seed);
            model.SaveGguf(folder.File("model.gguf"), "Q8_0");
            using var loaded = CausalLM.Load(folder.File("model.gguf"), new() { Weights = weights });
            loaded.AddScoringHead(1, seed: 1);
            return new ModelReward("m", loaded).Fingerprint;
        }

        Assert.Equal(Fingerprint(3), Fingerprint(3));
        Assert.NotEqual(Fingerprint(3), Fingerprint(4));
    }

    [Fact]
    public void An_exact_answer_reads_the_field_as_it_reads_the_text() =>
        Assert.Equal(1, new ExactAnswer { Pattern = @"#### (\S+)" }.Score(Asked.Answer("so\n#### 12", fields: ("answer", "6 + 6 = 12\n#### 12"))).Value);

    [Fact]
    public void A_row_without_the_field_is_an_error_with_the_nearest_name()
    {
        var error = Assert.Throws<AlidadeException>(() => new ExactAnswer().Score(Asked.Answer("5", fields: ("answers", "5"))));
        Assert.Contains("did you mean 'answers'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_takes_too_long_is_a_reason_and_not_a_score()
    {
        var score = new MatchesPattern { Pattern = "^(a+)+$" }.Score(Asked.Answer(new string('a', 40) + "!"));
        Assert.Null(score.Value);
        Assert.NotNull(score.Why);
        Assert.Throws<AlidadeException>(() => new MatchesPattern { Pattern = "(" });
    }

    [Fact]
    public void The_overlong_penalty_is_the_rule_of_the_objective() =>
        Assert.Equal(-0.5, new OverlongReward { Penalty = new() { MaxLength = 20, Buffer = 4 } }.Score(Asked.Answer("", tokens: 18)).Value);

    [Fact]
    public async Task A_sum_keeps_the_reason_of_the_part_that_has_no_score()
    {
        var sum = new WeightedReward((new EndsWithQuestion(), 1), (new LengthTarget { Tokens = 10 }, 0.5));
        var scores = await sum.ScoreAsync([Asked.Answer("Why?", tokens: 10), Asked.Answer("Why?")], TestContext.Current.CancellationToken);
        Assert.Equal(1.5, scores[0].Value);
        Assert.Null(scores[1].Value);
        Assert.StartsWith("length_target: ", scores[1].Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sum_holds_a_reward_once_and_tells_rewards_of_one_name_apart()
    {
        Assert.Contains("one and the same", Assert.Throws<AlidadeException>(() => new WeightedReward((new EndsWithQuestion(), 1), (new EndsWithQuestion(), 1))).Message, StringComparison.Ordinal);
        var both = new WeightedReward((new ContainsText { Text = "a" }, 1), (new ContainsText { Text = "b" }, 10));
        Assert.Equal(11, (await both.ScoreAsync([Asked.Answer("ab")], TestContext.Current.CancellationToken))[0].Value);
        using CausalLM first = TinyChat.Create(seed: 1), second = TinyChat.Create(seed: 2);
        first.AddScoringHead(1, seed: 3);
        second.AddScoringHead(1, seed: 3);
        Assert.Equal(2, new WeightedReward((new ModelReward("m", first), 1), (new ModelReward("m", second), 1)).Parts.Count);
        Assert.Throws<AlidadeException>(() => new WeightedReward((new ModelReward("m", first), 1), (new ModelReward("of another name", first), 1)));
    }

    [Theory]
    [InlineData(EnsembleRule.Mean, 1)]
    [InlineData(EnsembleRule.WorstCase, 0)]
    [InlineData(EnsembleRule.UncertaintyWeighted, 0.9)]
    public async Task An_ensemble_combines_by_its_rule(EnsembleRule rule, double expected)
    {
        var ensemble = new EnsembleReward(new ContainsText { Text = "zz" }, new WeightedReward((new ContainsText { Text = "y" }, 2))) { Rule = rule };
        Assert.Equal(expected, (await ensemble.ScoreAsync([Asked.Answer("y")], TestContext.Current.CancellationToken))[0].Value!.Value, 1e-12);
    }

    [Theory]
    [InlineData("""{"score": 4}""", 4.0, null)]
    [InlineData("""Sure. {"score": 0} That is all.""", 0.0, null)]
    [InlineData("four", null, "could not be read")]
    [InlineData("""{"score": 9}""", null, "outside of the scale")]
    [InlineData("""{"score": "high"}""", null, "could not be read")]
    public async Task A_judge_that_cannot_be_read_gives_no_score(string reply, double? expected, string? why)
    {
        using var chat = ScriptedChat.By(_ => reply);
        var score = (await new JudgeReward("judge", chat).ScoreAsync([Asked.Answer("an answer")], TestContext.Current.CancellationToken))[0];
        Assert.Equal(expected, score.Value);
        Assert.Contains(why ?? "", score.Why ?? "", StringComparison.Ordinal);
        Assert.Contains("an answer", chat.Asked.Single().Messages[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Judging_in_parallel_keeps_the_order()
    {
        using var chat = ScriptedChat.By(text => $$"""{"score": {{text[^1]}}}""");
        var scores = await new JudgeReward("judge", chat) { Parallel = 3 }.ScoreAsync([.. Enumerable.Range(0, 6).Select(i => Asked.Answer($"answer {i}"))], TestContext.Current.CancellationToken);
        Assert.Equal(new double?[] { 0, 1, 2, 3, 4, 5 }, scores.Select(s => s.Value));
    }

    [Theory]
    [InlineData("good", "bad", 1.0)]
    [InlineData("bad", "good", 0.0)]
    [InlineData("same", "same", 0.5)]
    public async Task A_pair_judge_is_asked_in_both_orders(string first, string second, double expected)
    {
        // The judge likes "good", and where it sees none the answer in front.
        using var chat = ScriptedChat.By(text => text.IndexOf("good", StringComparison.Ordinal) > text.IndexOf("[Answer B]", StringComparison.Ordinal) ? """{"better": "B"}""" : """{"better": "A"}""");
        var verdict = (await new PairJudge("judge", chat).CompareAsync([(Asked.Answer(first), Asked.Answer(second))], TestContext.Current.CancellationToken))[0];
        Assert.Equal(expected, verdict.FirstWins);
        Assert.Equal(2, chat.Asked.Count);
    }

    [Fact]
    public async Task A_pair_judge_that_cannot_be_read_gives_no_verdict()
    {
        using var chat = ScriptedChat.By(_ => "hm");
        Assert.NotNull((await new PairJudge("judge", chat).CompareAsync([(Asked.Answer("a"), Asked.Answer("b"))], TestContext.Current.CancellationToken))[0].Why);
    }

    [Fact]
    public async Task A_reward_model_reads_each_answer_after_its_prompt()
    {
        using var model = TinyChat.Create();
        model.AddScoringHead(1, seed: 3);
        AnsweredPrompt[] answers = [.. new[] { "ab", "c", "ab" }.Select((text, i) => new AnsweredPrompt(
            Asked.Text(i < 2 ? "one" : "two"), text, [.. model.Tokenizer.EncodeWithOffsets(i < 2 ? "one" : "two", new()).Ids], [.. model.Tokenizer.EncodeWithOffsets(text, new()).Ids], true))];
        var reward = new ModelReward("reward model", model) { Reads = RewardText.PolicyTokens, BatchTokens = 4 };
        var scores = await reward.ScoreAsync(answers, TestContext.Current.CancellationToken);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        for (var i = 0; i < answers.Length; i++)
        {
            using var grid = Alidade.Models.Batches.TokenGrid.Of([.. answers[i].PromptIds, .. answers[i].Ids]);
            Assert.Equal(model.Scores(grid).item<float>(), scores[i].Value!.Value, 1e-5);
        }

        Assert.NotEqual(scores[0].Value, scores[2].Value);
        var tooLong = answers[0] with { Ids = [.. Enumerable.Repeat(5, 300)] };
        Assert.Equal("longer than the reward model's context", (await reward.ScoreAsync([tooLong], TestContext.Current.CancellationToken))[0].Why);
    }

    [Theory]
    [InlineData(StepAggregation.Product)]
    [InlineData(StepAggregation.Minimum)]
    public async Task A_process_reward_reads_each_line_at_its_separator(StepAggregation aggregation)
    {
        using var model = TinyChat.Create();
        model.AddTokenScoringHead(2, seed: 3);
        var reward = new StepReward("steps", model) { Aggregation = aggregation };
        var score = (await reward.ScoreAsync([Asked.Answer("one\n\ntwo", prompt: "Q")], TestContext.Current.CancellationToken))[0];
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        int[] begin = [model.Tokenizer.BeginningOfText!.Value, .. model.Tokenizer.Encode("Q")], first = model.Tokenizer.Encode("one\n"), second = model.Tokenizer.Encode("two\n");
        double Right(params int[] ids)
        {
            using var grid = Alidade.Models.Batches.TokenGrid.Of(ids);
            return model.Scores(grid).to(ScalarType.Float64).softmax(-1)[0, 1].item<double>();
        }

        double a = Right([.. begin, .. first]), b = Right([.. begin, .. first, .. second]);
        Assert.Equal(aggregation == StepAggregation.Product ? a * b : Math.Min(a, b), score.Value!.Value, 1e-5);
        Assert.Equal("the answer has no step", (await reward.ScoreAsync([Asked.Answer(" \n ")], TestContext.Current.CancellationToken))[0].Why);
    }

    [Fact]
    public async Task A_reward_judge_takes_a_penalty_off_what_never_ended_and_leaves_ties()
    {
        AnsweredPrompt Answer(string text, bool ended) => Asked.Answer(text) with { Ended = ended };
        (AnsweredPrompt, AnsweredPrompt)[] pairs = [(Answer("a", false), Answer("a", true)), (Answer("a", true), Answer("", true)), (Answer("", true), Answer("", true))];
        async Task<double?[]> SaidAsync(double penalty) => [.. (await new RewardJudge(new ContainsText { Text = "a" }) { Pairs = new() { MissingEndPenalty = penalty } }
            .CompareAsync(pairs, TestContext.Current.CancellationToken)).Select(v => v.FirstWins)];
        Assert.Equal([0.5, 1, 0.5], await SaidAsync(0));
        Assert.Equal([0, 1, 0.5], await SaidAsync(0.25));
        Assert.NotEqual(new RewardJudge(new EndsWithQuestion()).Fingerprint, new RewardJudge(new EndsWithQuestion()) { Pairs = new() { MissingEndPenalty = 1 } }.Fingerprint);
    }

    [Fact]
    public async Task A_reward_model_is_read_where_it_was_trained()
    {
        using var model = TinyChat.Create();
        model.AddScoringHead(1, seed: 3);
        // The template writes a line break after the mark that ends a turn.
        var prompt = Alidade.Core.Data.Prompt.OfMessages([new("user", "one")]);
        var trained = new Alidade.Training.Data.RewardTokenizer(model.Tokenizer, model.ChatTemplate).Row("row", prompt, "ab", "c");
        AnsweredPrompt[] answers = [.. new[] { "ab", "c" }.Select(t => AnsweredPrompt.OfText(new("row", prompt, new Dictionary<string, System.Text.Json.JsonElement>()), t))];
        var scores = await new ModelReward("m", model).ScoreAsync(answers, TestContext.Current.CancellationToken);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        for (var i = 0; i < answers.Length; i++)
        {
            using var grid = Alidade.Models.Batches.TokenGrid.Of([.. trained.Prompt, .. trained.Answers[i]]);
            Assert.Equal(model.Scores(grid).item<float>(), scores[i].Value!.Value, 1e-5);
        }
    }

    [Fact]
    public async Task A_model_without_a_scoring_head_is_no_reward_model()
    {
        using var model = TinyChat.Create();
        await Assert.ThrowsAsync<AlidadeException>(() => new ModelReward("m", model).ScoreAsync([Asked.Answer("a")], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_opponent_of_nash_md_is_the_reference_or_the_policy_at_the_ends_of_the_mixture()
    {
        using var model = TinyChat.Create();
        using var policy = Alidade.Models.Adapters.LoraAdapter.Create(model, "policy", new() { Rank = 2, Targets = ["q_proj"], SavedModules = ["lm_head"] }, seed: 5);
        using (no_grad())
        {
            policy.Replacements["lm_head.weight"].zero_();
        }

        AnsweredPrompt[] answers = [new(Asked.Text("one"), "an answer", model.Tokenizer.Encode("one"), [9, 0], true)];
        async Task<IReadOnlyList<int>> OpponentAsync(double mixture)
        {
            var judge = new Recorder();
            await new MixtureOpponent(judge, model, policy) { Mixture = mixture, Temperature = 0, MaxNewTokens = 4 }.ScoreAsync(answers, TestContext.Current.CancellationToken);
            return judge.Seen!.Ids;
        }

        // All tokens are equally likely under the policy, so the best is the first: the end.
        Assert.Equal([0], await OpponentAsync(0));
        var greedy = Alidade.Models.Generation.TextGenerator.Generate(model, [model.Tokenizer.Encode("one")], new() { MaxNewTokens = 4 }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(greedy[0].DrawnIds, await OpponentAsync(1));
    }

    [Fact]
    public async Task An_opponent_is_drawn_by_what_is_scored_and_not_by_when()
    {
        using var model = TinyChat.Create();
        using var policy = Alidade.Models.Adapters.LoraAdapter.Create(model, "policy", new() { Rank = 2, Targets = ["q_proj"] }, seed: 5);
        AnsweredPrompt Answer(int token) => new(Asked.Text("one"), "an answer", model.Tokenizer.Encode("one"), [token, 0], true);
        var judge = new Recorder();
        var opponent = new MixtureOpponent(judge, model, policy) { MaxNewTokens = 8 };
        async Task<IReadOnlyList<int>[]> OpponentsAsync(params AnsweredPrompt[] answers)
        {
            await opponent.ScoreAsync(answers, TestContext.Current.CancellationToken);
            return [.. judge.All.Select(a => a.Ids)];
        }

        var first = await OpponentsAsync(Answer(9), Answer(11));
        Assert.NotEqual(first[0], first[1]);
        var again = await OpponentsAsync(Answer(11), Answer(9), Answer(12));
        Assert.Equal(first[0], again[1]);
        Assert.Equal(first[1], again[0]);
    }

    private sealed class Recorder : IPreferenceJudge
    {
        public AnsweredPrompt? Seen { get; private set; }

        public IReadOnlyList<AnsweredPrompt> All { get; private set; } = [];

        public string Name => "recorder";

        public string Fingerprint => "recorder";

        public Task<IReadOnlyList<PairJudgement>> CompareAsync(IReadOnlyList<(AnsweredPrompt First, AnsweredPrompt Second)> pairs, CancellationToken cancellation = default)
        {
            Seen = pairs[0].Second;
            All = [.. pairs.Select(p => p.Second)];
            return Task.FromResult<IReadOnlyList<PairJudgement>>([.. pairs.Select(_ => PairJudgement.Of(1))]);
        }
    }

    [Fact]
    public void Fingerprints_tell_settings_apart()
    {
        Assert.NotEqual(new LengthTarget { Tokens = 3 }.Fingerprint, new LengthTarget { Tokens = 4 }.Fingerprint);
        Assert.Equal(new LengthTarget { Tokens = 3 }.Fingerprint, new LengthTarget { Tokens = 3 }.Fingerprint);
        Assert.NotEqual(new MatchesPattern { Pattern = "a" }.Fingerprint, new MatchesPattern { Pattern = "b" }.Fingerprint);
    }
}
