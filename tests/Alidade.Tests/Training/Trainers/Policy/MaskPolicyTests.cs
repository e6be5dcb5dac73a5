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
    [InlineData(1, 12, "112345")]
    [InlineData(2, 12, "112244")]
    [InlineData(4, 12, "111144")]
    [InlineData(1000, 12, "111111")]
    // With two updates a rollout it is rollouts that count.
    [InlineData(2, 6, "112244")]
    public void Answers_are_made_of_the_tokens_of_the_policy_that_drew_an_earlier_rollout_and_changes_every_so_many_of_them(int every, int batchRows, string drew)
    {
        var policies = new List<float[][]>();
        var masks = "";
        Train(every, updates: 6 * 12 / batchRows, answers =>
        {
            Assert.All(answers, a => Assert.All(a.Ids.Zip(a.Allowed), t => Assert.True(t.Second.Contains(t.First))));
            Assert.All(answers, a => Assert.Equal(a.Ids.Count, a.Allowed.Count));
            policies.Add(Weights());
            // The latest of the policies so far that allows what was allowed.
            masks += Enumerable.Range(1, policies.Count).Last(p => p == 1 || answers.All(a => Sets(a.Allowed) == Sets(Likely(a, policies[p - 1]))));
            Assert.All(answers, a => Assert.Equal(Sets(Likely(a, policies[masks[^1] - '1'])), Sets(a.Allowed)));
        }, batchRows: batchRows);
        Assert.Equal(drew, masks);
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
        using var mask = new MaskPolicy(model, adapter, new() { Allowed = new TopKTokens { K = K } });
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

    [Fact]
    public void What_is_allowed_knows_nothing_of_the_temperature()
    {
        using var mask = new MaskPolicy(model, adapter, new() { Allowed = new TopPTokens { P = 0.4, AtLeast = 1 } });
        var different = 0;
        foreach (var answer in new PolicySampler(model, adapter, Rollouts) { Mask = mask }.Sample(Prompts.Rows, 2, seed: 2, cancellation: TestContext.Current.CancellationToken))
        {
            using var scope = NewDisposeScope();
            string Most(double temperature) => string.Join(' ', LogitsOf(answer).div(temperature).softmax(-1).unbind(0).Select(row =>
            {
                // The likeliest tokens until their mass exceeds p.
                var (kept, mass) = (new List<int>(), 0.0);
                foreach (var (share, id) in row.data<float>().ToArray().Select((s, i) => (s, i)).OrderByDescending(t => t.s))
                {
                    kept.Add(id);
                    if ((mass += share) > 0.4)
                        break;
                }

                return string.Join(',', kept.Order());
            }));
            Assert.Equal(Most(1), Sets(answer.Allowed));
            different += Most(1) == Most(Temperature) ? 0 : 1;
        }

        Assert.True(different > 0);
    }

    [Fact]
    public void Tokens_that_the_tokenizer_calls_special_stay_allowed()
    {
        using var folder = new Alidade.Tests.Core.TemporaryFolder();
        using var worded = CausalLM.Load(Alidade.Tests.Cli.TinyModel.Write(folder.File("model")));
        int[] special = [.. Enumerable.Range(0, worded.Tokenizer.VocabularySize).Where(worded.Tokenizer.IsSpecial)];
        Assert.True(special.Length > worded.EndTokens.Count);
        using var policy = LoraAdapter.Create(worded, "policy", new() { Rank = 2 }, seed: 5);
        using var mask = new MaskPolicy(worded, policy, new() { Allowed = new TopKTokens { K = 1 } });
        var answers = new PolicySampler(worded, policy, Rollouts) { Mask = mask }
            .Sample([new(worded.Tokenizer.Encode("the cat"), new("0", Prompt.OfText("the cat"), new Dictionary<string, JsonElement>()))], 2, seed: 2, cancellation: TestContext.Current.CancellationToken);
        Assert.All(answers.SelectMany(a => a.Allowed), set => Assert.All(special, id => Assert.True(set.Contains(id))));
        Assert.All(answers.SelectMany(a => a.Allowed), set => Assert.InRange(Enumerable.Range(0, worded.Config.VocabularySize).Count(set.Contains), special.Length, special.Length + 1));
    }

    private static RolloutOptions Rollouts => new() { Prompts = 3, Samples = 4, MaxNewTokens = 6, DecodingRows = 5, Temperature = Temperature };

    private static TokenRows<PromptTokens> Prompts => new(
        [.. Tiny.Demonstrations(6, 21).Rows.Select((d, i) => new PromptTokens(d.Ids, new($"{i}", Prompt.OfText("prompt"), new Dictionary<string, JsonElement>())))], new Dictionary<string, int>(), 0);

    private IReadOnlyList<Alidade.Training.Trainers.TrainingStep> Train(int every, int updates, Action<IReadOnlyList<AnsweredPrompt>> look, Func<PolicyObjective, PolicyObjective>? change = null, int batchRows = 12)
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
            Options = Tiny.Options(updates) with { BatchRows = batchRows, Accumulation = 1, Schedule = new() { LearningRate = 0.1 } },
        }.Train(Prompts).Curve;
    }

    private static string Sets(IReadOnlyList<Alidade.Models.Generation.TokenSet> sets) => string.Join(' ', sets.Select(s => string.Join(',', Enumerable.Range(0, 29).Where(s.Contains))));

    // The K likeliest tokens of each place of an answer under the policy as it was, as sets of the sampler would say it.
    private static string Sets(IReadOnlyList<int[]> sets) => string.Join(' ', sets.Select(s => string.Join(',', s.Order())));

    private float[][] Weights() => [.. adapter.Parameters.Select(p => p.Value.detach().data<float>().ToArray())];

    private IReadOnlyList<int[]> Likely(AnsweredPrompt answer, float[][] policy)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var now = Weights();
        Put(policy);
        var (_, index) = LogitsOf(answer).topk(K, -1);
        Put(now);
        return [.. index.data<long>().ToArray().Select(i => (int)i).Chunk(K)];

        void Put(float[][] weights)
        {
            foreach (var ((_, value), weight) in adapter.Parameters.Zip(weights))
                value.copy_(tensor(weight).view(value.shape));
        }
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
