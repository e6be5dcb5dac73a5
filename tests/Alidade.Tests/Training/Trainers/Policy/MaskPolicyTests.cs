using System.Text.Json;
using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Objectives.Reinforcement.Ratios;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers.Policy;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Trainers.Policy;

public sealed class MaskPolicyTests : IDisposable
{
    private const int K = 4;
    private const double Temperature = 0.8;
    private readonly OneThread thread = new();
    private readonly CausalLM model = Tiny.Model();
    private readonly LoraAdapter adapter;
    private readonly Critic critic;

    public MaskPolicyTests()
    {
        adapter = LoraAdapter.Create(model, "policy", new() { Rank = 2, Targets = ["q_proj", "v_proj"], SavedModules = ["lm_head"] }, seed: 5);
        critic = Critic.Over(model, new() { Rank = 2 }, 3);
    }

    public void Dispose()
    {
        critic.Adapter!.Dispose();
        adapter.Dispose();
        model.Dispose();
        thread.Dispose();
    }

    [Theory]
    [InlineData(1, "111111")]
    [InlineData(2, "101010")]
    [InlineData(4, "100010")]
    [InlineData(1000, "100000")]
    public void Answers_are_made_of_the_tokens_of_a_copy_of_the_policy_that_is_renewed_every_so_many_updates(int every, string renewed)
    {
        var isNew = "";
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        Train(every, updates: 6, answers =>
        {
            Assert.All(answers, a => Assert.All(a.Ids.Zip(a.Allowed), t => Assert.True(t.Second.Contains(t.First))));
            Assert.All(answers, a => Assert.Equal(a.Ids.Count, a.Allowed.Count));
            // One update a rollout: what the policy allows now, against what was allowed.
            isNew += answers.All(a => Sets(a.Allowed) == Sets(LikelyNow(a))) ? '1' : '0';
        });
        Assert.Equal(renewed, isNew);
    }

    [Fact]
    public void The_ratio_is_of_the_masked_policy_and_the_KL_of_the_whole_one()
    {
        AnsweredPrompt[] first = [];
        var curve = Train(every: 1000, updates: 2, answers => first = first.Length == 0 ? [.. answers] : first, objective => objective with { Loss = new ClippedRatio { EpsilonLow = 10, EpsilonHigh = 10 } });
        // What was drawn was drawn from the allowed tokens alone.
        Assert.All(first, a => Assert.All(a.LogProbs, (l, i) => Assert.True(l >= float.NegativeInfinity && a.Allowed.Count > i)));
        Assert.Equal(1, curve[0].Metrics["mean_ratio"]);
        // The adapter changes nothing at first, so that the policy is its own reference; masked log-probabilities would lie above it.
        Assert.Equal(0, curve[0].Metrics["kl_to_reference"], 1e-4);
        Assert.InRange(curve[0].Metrics["entropy"], 0, Math.Log(K) + 1e-6);
    }

    [Fact]
    public void What_the_sampler_says_of_a_token_is_its_log_probability_among_the_allowed_ones()
    {
        using var mask = new MaskPolicy(model, adapter, new() { Allowed = new TopKTokens { K = K } }, Temperature);
        var sampler = new PolicySampler(model, adapter, Rollouts) { Mask = mask };
        foreach (var answer in sampler.Sample(Prompts.Rows, 3, seed: 2, cancellation: TestContext.Current.CancellationToken))
        {
            using var scope = NewDisposeScope();
            var logits = LogitsOf(answer) / Temperature;
            for (var t = 0; t < answer.Ids.Count; t++)
            {
                var row = logits[t].data<float>().ToArray();
                var allowed = Enumerable.Range(0, row.Length).Where(id => answer.Allowed[t].Contains(id)).ToArray();
                Assert.Equal(K, allowed.Length);
                var all = Math.Log(allowed.Sum(id => Math.Exp(row[id])));
                Assert.Equal(row[answer.Ids[t]] - all, answer.LogProbs[t], 1e-4);
            }
        }
    }

    private static RolloutOptions Rollouts => new() { Prompts = 3, Samples = 4, MaxNewTokens = 6, DecodingRows = 5, Temperature = Temperature };

    private static TokenRows<PromptTokens> Prompts => new(
        [.. Tiny.Demonstrations(6, 21).Rows.Select((d, i) => new PromptTokens(d.Ids, new($"{i}", Prompt.OfText("prompt"), new Dictionary<string, JsonElement>())))], new Dictionary<string, int>(), 0);

    private IReadOnlyList<Alidade.Training.Trainers.TrainingStep> Train(int every, int updates, Action<IReadOnlyList<AnsweredPrompt>> look, Func<PolicyObjective, PolicyObjective>? change = null)
    {
        var objective = PolicyObjectives.Nlpo with { Mask = new() { Allowed = new TopKTokens { K = K }, RefreshEvery = every } };
        return new PolicyTrainer
        {
            Model = model,
            Adapter = adapter,
            Objective = change?.Invoke(objective) ?? objective,
            Reward = new Watched(look),
            Critic = critic,
            Rollouts = Rollouts,
            Options = Tiny.Options(updates) with { BatchRows = 12, Accumulation = 1, Schedule = new() { LearningRate = 0.1 } },
        }.Train(Prompts).Curve;
    }

    private static string Sets(IReadOnlyList<Alidade.Models.Generation.TokenSet> sets) => string.Join(' ', sets.Select(s => string.Join(',', Enumerable.Range(0, 29).Where(s.Contains))));

    // The K likeliest tokens of each place of an answer under the policy as it is, as sets of the sampler would say it.
    private static string Sets(IReadOnlyList<int[]> sets) => string.Join(' ', sets.Select(s => string.Join(',', s.Order())));

    private IReadOnlyList<int[]> LikelyNow(AnsweredPrompt answer)
    {
        using var scope = NewDisposeScope();
        var (_, index) = LogitsOf(answer).topk(K, -1);
        return [.. index.data<long>().ToArray().Select(i => (int)i).Chunk(K)];
    }

    // Of the places of an answer's tokens, under the policy as it is.
    private Tensor LogitsOf(AnsweredPrompt answer)
    {
        using var noGrad = no_grad();
        using var use = model.Use(adapter);
        using var grid = TokenGrid.Of([.. answer.PromptIds, .. answer.Ids]);
        return model.Logits(grid)[0].narrow(0, answer.PromptIds.Count - 1, answer.Ids.Count).contiguous();
    }

    /// <summary>Rewards the lower half of the vocabulary, and shows the answers.</summary>
    private sealed class Watched(Action<IReadOnlyList<AnsweredPrompt>> look) : IReward
    {
        public string Name => "watched";

        public string Fingerprint => "watched";

        public Task<IReadOnlyList<RewardScore>> ScoreAsync(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation = default)
        {
            look(completions);
            return Task.FromResult<IReadOnlyList<RewardScore>>([.. completions.Select(c => RewardScore.Of(c.Ids.Average(id => id < 14 ? 1.0 : 0)))]);
        }
    }
}
