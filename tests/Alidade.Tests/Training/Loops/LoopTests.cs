using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Tests.Core;
using Alidade.Tests.Evaluation;
using Alidade.Tests.Models;
using Alidade.Tests.Training.Rewards;
using Alidade.Tests.Training.Trainers;
using Alidade.Training.Loops;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;

namespace Alidade.Tests.Training.Loops;

public sealed class LoopTests
{
    /// <summary>The planted preference: an answer that contains an "a". A model of random bytes writes one in some of its answers.</summary>
    private static readonly IReward Planted = new ContainsText { Text = "a" };

    private static AskedPrompt[] Prompts(string kind, int count) => [.. Enumerable.Range(0, count).Select(i => Asked.Text($"{kind} {i}:"))];

    private static TrainingOptions Options(int epochs = 2, double rate = 3e-2) => new()
    {
        BatchRows = 8,
        Epochs = epochs,
        Schedule = new() { LearningRate = rate },
        Seed = 5,
    };

    private static AnswerSampling Sampling(int answers) => new() { Answers = answers, Generation = new() { Temperature = 1, MaxNewTokens = 6 } };

    private static LoraAdapter Policy(CausalLM model) =>
        LoraAdapter.Create(model, "policy", new() { Rank = 8, Targets = ["q_proj", "v_proj", "up_proj", "down_proj"], SavedModules = ["lm_head"] }, seed: 5);

    private static Raft Raft(CausalLM model, int rounds = 2) => new() { Model = model, Reward = Planted, Rounds = rounds, Sampling = Sampling(24), Options = Options() };

    /// <summary>The effect is larger than what chance explains: the interval after lies above the interval before.</summary>
    private static void Rose(LoopResult result)
    {
        var after = result.Rounds[^1].HeldOut!;
        Assert.True(after.Interval()!.Low > result.Before!.Interval()!.High, $"before {result.Before}, after {after}");
    }

    [Theory]
    [InlineData(RaftRanking.Local)]
    [InlineData(RaftRanking.Top)]
    public async Task Raft_raises_the_reward_on_held_out_prompts(RaftRanking ranking)
    {
        using var model = TinyChat.Create();
        var result = await (Raft(model) with { Ranking = ranking, Share = 0.1 }).RunAsync(Prompts("p", 24), Prompts("q", 60), Context());
        Rose(result);
        Assert.All(result.Rounds, r => Assert.Equal(r.Answers, r.TrainedOn + r.NotChosen.Values.Sum()));
    }

    [Fact]
    public async Task Rejection_sampling_raises_the_reward_and_keeps_no_answer_below_the_threshold()
    {
        using var model = TinyChat.Create();
        var loop = new RejectionSampling { Model = model, Reward = Planted, Rounds = 2, Sampling = Sampling(24), Options = Options() };
        var result = await loop.RunAsync(Prompts("p", 24), Prompts("q", 60), Context());
        Rose(result);
        Assert.True(result.Rounds[0].NotChosen["below the threshold"] > 0);
    }

    [Fact]
    public async Task Iterative_dpo_raises_the_reward_and_counts_ties()
    {
        using var model = TinyChat.Create();
        var loop = new IterativeDpo { Model = model, Reward = Planted, Rounds = 3, Sampling = Sampling(24), Options = Options(6, 3e-2) };
        var result = await loop.RunAsync(Prompts("p", 24), Prompts("q", 60), Context());
        Rose(result);
        Assert.All(result.Rounds, r => Assert.Equal(r.Prompts, r.TrainedOn + r.LeftOut.Values.Sum()));
        Assert.All(result.Rounds, r => Assert.True(r.LeftOut["tie"] > 0));
    }

    [Fact]
    public async Task A_later_round_that_finds_nothing_to_learn_is_the_last_and_what_was_learned_stands()
    {
        using var model = TinyChat.Create();
        var warnings = new List<string>();
        var loop = new IterativeDpo { Model = model, Reward = new Exhausted(), Rounds = 4, Sampling = Sampling(2), Options = Options() };
        var result = await loop.RunAsync(Prompts("p", 4), null, new() { OnWarning = warnings.Add });
        Assert.Equal((1, 3), (result.Rounds.Count, result.RoundsLeftOut));
        Assert.Contains("round 2 found nothing to learn in 8 answers (tie: 4): iterative_dpo ends after 1 of 4 rounds", warnings);
    }

    /// <summary>Rewards once, and then says that all answers are alike.</summary>
    private sealed class Exhausted : IReward
    {
        private int asked;

        public string Name => "exhausted";

        public string Fingerprint => Name;

        public Task<IReadOnlyList<RewardScore>> ScoreAsync(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation = default)
        {
            asked++;
            return Task.FromResult<IReadOnlyList<RewardScore>>([.. completions.Select((_, i) => RewardScore.Of(asked == 1 ? i : 0))]);
        }
    }

    [Fact]
    public async Task Online_dpo_learns_what_an_ai_judge_prefers()
    {
        using var model = TinyChat.Create();
        using var adapter = Policy(model);
        using var chat = ScriptedChat.By(text =>
        {
            var b = text.IndexOf("[Answer B]", StringComparison.Ordinal);
            bool first = text[text.IndexOf("[Answer A]\n", StringComparison.Ordinal)..b].Replace("[Answer A]", "", StringComparison.Ordinal).Contains('a'), second = text[(b + 10)..].Contains('a');
            return first == second ? """{"better": "tie"}""" : first ? """{"better": "A"}""" : """{"better": "B"}""";
        });
        var loop = new OnlineDpo
        {
            Model = model,
            Adapter = adapter,
            Judge = new PairJudge("judge", chat),
            Measure = Planted,
            Rounds = 3,
            Sampling = Sampling(2),
            Options = Options(4, 2e-2),
        };
        var result = await loop.RunAsync(Prompts("p", 150), Prompts("q", 60), Context());
        Rose(result);
        Assert.All(result.Rounds, r => Assert.True(r.LeftOut["tie"] > 0));
        Assert.All(result.Rounds, r => Assert.Equal(r.Prompts, r.TrainedOn + r.LeftOut.Values.Sum()));
    }

    [Fact]
    public async Task Xpo_learns_from_the_policy_against_its_base()
    {
        using var model = TinyChat.Create();
        using var adapter = Policy(model);
        var loop = new ExploratoryOptimisation { Model = model, Adapter = adapter, Judge = new RewardJudge(Planted), Measure = Planted, Rounds = 3, Sampling = Sampling(1), Options = Options(4, 2e-2) };
        var result = await loop.RunAsync(Prompts("p", 150), Prompts("q", 60), Context());
        Rose(result);
        Assert.All(result.Rounds, r => Assert.Equal(r.Prompts, r.TrainedOn + r.LeftOut.Values.Sum()));
    }

    [Fact]
    public async Task Online_dpo_without_an_adapter_has_no_reference()
    {
        using var model = TinyChat.Create();
        var loop = new OnlineDpo { Model = model, Judge = new RewardJudge(Planted), Options = Options() };
        Assert.Contains("adapter", (await Assert.ThrowsAsync<AlidadeException>(() => loop.RunAsync(Prompts("p", 2)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Self_rewarding_asks_the_policy_itself_and_counts_what_it_cannot_read()
    {
        using var model = TinyChat.Create(context: 1024);
        var asked = 0;
        var loop = new SelfRewarding
        {
            Model = model,
            Rounds = 1,
            Sampling = Sampling(4),
            Options = Options(),
            JudgeOf = chat =>
            {
                asked++;
                Assert.Same(model, chat.GetService(typeof(CausalLM)));
                return new WeightedReward((Planted, 1), (new JudgeReward("itself", chat) { Rubric = "Good?", MaxReplyTokens = 24 }, 0));
            },
        };
        var result = await loop.RunAsync(Prompts("p", 30), null, Context());
        Assert.Equal(2, asked);
        Assert.Equal(result.Rounds[0].Prompts, result.Rounds[0].TrainedOn + result.Rounds[0].LeftOut.Where(l => !l.Key.StartsWith("unscored", StringComparison.Ordinal)).Sum(l => l.Value));
    }

    [Theory]
    [InlineData(ALolForm.Sequence)]
    [InlineData(ALolForm.Token)]
    [InlineData(ALolForm.ReferenceFree)]
    public async Task Offline_answers_with_rewards_raise_the_reward(ALolForm form)
    {
        using var model = TinyChat.Create();
        var data = (await new BestOfNSampling { Model = model, Reward = Planted, Sampling = Sampling(24), Seed = 4 }.RunAsync(Prompts("p", 24), TestContext.Current.CancellationToken)).SelectMany(b => b.Answers).ToArray();
        async Task<double[]> HeldOutAsync() => [.. (await new BestOfNSampling { Model = model, Reward = Planted, Sampling = Sampling(1), Seed = 9 }.RunAsync(Prompts("q", 80), TestContext.Current.CancellationToken)).Select(b => b.Reward!.Value)];
        var before = Mean.Of(await HeldOutAsync());
        var loop = new LeftoverLunch { Model = model, Reward = Planted, Objective = new() { Form = form }, Sampling = Sampling(16), Options = Options(3) };
        var result = await loop.RunAsync(data, new() { Cancellation = TestContext.Current.CancellationToken });
        Assert.Equal(data.Length, result.Training.Rows + result.LeftOut.Values.Sum());
        Assert.True(result.Advantages.Value > 0);
        var after = Mean.Of(await HeldOutAsync());
        Assert.True(after.Interval()!.Low > before.Interval()!.High, $"before {before}, after {after}");
    }

    [Fact]
    public async Task A_loop_that_was_stopped_goes_on_to_the_same_weights()
    {
        using var whole = TinyChat.Create();
        var expected = await Raft(whole).RunAsync(Prompts("p", 8), Prompts("q", 8), Context());
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "loop");
        using (var first = TinyChat.Create())
        {
            using var stop = new CancellationTokenSource();
            var context = Context(path) with { OnRound = _ => stop.Cancel(), Cancellation = stop.Token };
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Raft(first).RunAsync(Prompts("p", 8), Prompts("q", 8), context));
        }

        using var second = TinyChat.Create();
        var result = await Raft(second).RunAsync(Prompts("p", 8), Prompts("q", 8), Context(path) with { Resume = true });
        Assert.Equal(Tiny.Bits(whole, null), Tiny.Bits(second, null));
        Assert.Equal(expected.Rounds.Select(r => r.HeldOut), result.Rounds.Select(r => r.HeldOut));

        using var third = TinyChat.Create();
        Assert.Contains("resume", (await Assert.ThrowsAsync<AlidadeException>(() => Raft(third).RunAsync(Prompts("p", 8), Prompts("q", 8), Context(path)))).Message, StringComparison.Ordinal);
        Assert.Contains("other settings", (await Assert.ThrowsAsync<AlidadeException>(
            () => (Raft(third) with { Share = 0.5 }).RunAsync(Prompts("p", 8), Prompts("q", 8), Context(path) with { Resume = true }))).Message, StringComparison.Ordinal);
        // A reward may read any field of a row, and what is listed in an option counts as what is said in a word.
        AskedPrompt[] asked = [.. Prompts("p", 8).Select(p => p with { Fields = Asked.Text("", ("answer", 7)).Fields })];
        Assert.Contains("other settings", (await Assert.ThrowsAsync<AlidadeException>(
            () => Raft(third).RunAsync(asked, Prompts("q", 8), Context(path) with { Resume = true }))).Message, StringComparison.Ordinal);
        var stops = Raft(third) with { Sampling = Sampling(24) with { Generation = Sampling(24).Generation with { Stop = ["x"] } } };
        Assert.Contains("other settings", (await Assert.ThrowsAsync<AlidadeException>(
            () => stops.RunAsync(Prompts("p", 8), Prompts("q", 8), Context(path) with { Resume = true }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_round_that_finds_nothing_says_why()
    {
        using var model = TinyChat.Create();
        var loop = new RejectionSampling { Model = model, Reward = Planted, Threshold = 2, Rounds = 1, Sampling = Sampling(2), Options = Options() };
        Assert.Contains("below the threshold: 4", (await Assert.ThrowsAsync<AlidadeException>(() => loop.RunAsync(Prompts("p", 2)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_best_of_n_is_the_first_of_the_highest_reward()
    {
        using var model = TinyChat.Create();
        var best = await new BestOfNSampling { Model = model, Reward = Planted, Sampling = Sampling(32), Seed = 4 }.RunAsync(Prompts("p", 6), TestContext.Current.CancellationToken);
        Assert.All(best, b => Assert.Equal(b.Scores.Max(s => s.Value), b.Reward));
        Assert.All(best, b => Assert.Same(b.Answers[b.Scores.ToList().FindIndex(s => s.Value == b.Reward)], b.Best));
        Assert.Contains(best, b => b.Reward == 1);
    }

    [Fact]
    public async Task Labels_of_an_ai_judge_count_ties_and_what_could_not_be_read()
    {
        using var chat = ScriptedChat.By(text => text.Contains("odd", StringComparison.Ordinal) ? "?" : text.IndexOf("good", StringComparison.Ordinal) is var at && at < 0 ? """{"better": "A"}"""
            : at < text.IndexOf("[Answer B]", StringComparison.Ordinal) ? """{"better": "A"}""" : """{"better": "B"}""");
        (AnsweredPrompt, AnsweredPrompt)[] pairs = [(Asked.Answer("bad"), Asked.Answer("good")), (Asked.Answer("bad"), Asked.Answer("worse")), (Asked.Answer("odd"), Asked.Answer("good"))];
        var labels = await AiFeedback.LabelAsync(new PairJudge("judge", chat), pairs, TestContext.Current.CancellationToken);
        Assert.Equal("good", Assert.Single(labels.Pairs).Chosen);
        Assert.Equal(1, labels.Ties);
        Assert.Equal(1, labels.Unjudged.Values.Sum());
        Assert.NotNull(labels.FirstWins);
    }

    private static LoopContext Context(string? folder = null) => new() { Folder = folder, Cancellation = TestContext.Current.CancellationToken };
}
