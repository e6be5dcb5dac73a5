using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Objectives.Reinforcement.Advantages;
using Alidade.Training.Objectives.Reinforcement.Aggregations;
using Alidade.Training.Objectives.Reinforcement.Ratios;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Objectives;

public sealed class PolicyObjectiveTests
{
    private const int Rows = 4;
    private const int Positions = 5;

    public static TheoryData<string> Names => [.. PolicyObjectives.All(8).Select(o => o.Name)];

    /// <summary>Without those whose weights are functions of log π that carry no gradient: differences see through them.</summary>
    public static TheoryData<string> WithoutHeldWeights => [.. PolicyObjectives.All(8).Where(o => o.Loss is not (Cispo or Vespo)).Select(o => o.Name)];

    /// <summary>Without those that take covariances over the batch they are in.</summary>
    public static TheoryData<string> ByAnswer => [.. PolicyObjectives.All(8).Where(o => o.Loss is not (ClipCov or KlCov)).Select(o => o.Name)];

    [Theory]
    [MemberData(nameof(WithoutHeldWeights))]
    public void Gradient_equals_central_differences(string name)
    {
        using var scope = NewDisposeScope();
        var objective = PolicyObjectives.All(8).Single(o => o.Name == name);
        FiniteDifferences.Check(x => objective.Evaluate(Sample.Tokens(x[0]), Sample.Advantages).Loss, Sample.LogProbs);
    }

    [Theory]
    [InlineData(CorrectionMode.TokenMask)]
    [InlineData(CorrectionMode.SequenceMask)]
    [InlineData(CorrectionMode.SequenceFilter)]
    public void A_ratio_beyond_the_number_type_is_masked_without_a_trace_in_the_gradient(CorrectionMode mode)
    {
        using var scope = NewDisposeScope();
        var objective = PolicyObjectives.Grpo with { LossKl = null, Correction = new() { Mode = mode } };
        var mask = ones(2, 2);
        // The first token of the first answer is e^500 times as likely as its sampler said.
        Tensor old = tensor(new float[,] { { -1, -1 }, { -1, -1 } }), sampler = tensor(new float[,] { { -501, -1 }, { -1, -1 } });
        var x = old.clone().requires_grad_();
        var loss = objective.Evaluate(PolicyTokens.Of(x, old, mask, sampler: sampler), tensor(new float[] { 1, -1 })).Loss;
        loss.backward();
        var gradient = x.grad!.data<float>().ToArray();
        Assert.All(gradient, g => Assert.True(float.IsFinite(g)));
        Assert.Equal(0, gradient[0]);
        Assert.NotEqual(0, gradient[3]);
    }

    [Theory]
    [MemberData(nameof(ByAnswer))]
    public void Two_halves_that_share_the_normaliser_add_up_to_the_whole(string name)
    {
        using var scope = NewDisposeScope();
        var objective = PolicyObjectives.All(8).Single(o => o.Name == name);
        var normaliser = objective.Aggregation.NormaliserOf(Sample.Lengths);
        Tensor Part(Tensor x, int start, int count) => objective.Evaluate(
            Sample.Tokens(x, start, count), Sample.Advantages.narrow(0, start, count), normaliser).Loss;
        var whole = Gradient(Sample.LogProbs, x => objective.Evaluate(Sample.Tokens(x), Sample.Advantages).Loss);
        var halves = Gradient(Sample.LogProbs, x => Part(x, 0, 1) + Part(x, 1, 3));
        Assert.All(whole.Zip(halves), p => Assert.Equal(p.First, p.Second, 1e-12));
    }

    [Theory]
    [InlineData("ppo")]
    [InlineData("grpo")]
    [InlineData("dapo")]
    [InlineData("sapo")]
    [InlineData("cispo")]
    [InlineData("gspo")]
    [InlineData("gmpo")]
    [InlineData("vespo")]
    public void At_ratio_one_the_gradient_is_that_of_the_plain_policy_gradient(string name)
    {
        using var scope = NewDisposeScope();
        var objective = PolicyObjectives.All(8).Single(o => o.Name == name) with { LossKl = null };
        var plain = objective with { Loss = new PolicyGradient() };
        double[] Of(PolicyObjective o) => Gradient(Sample.LogProbs, x => o.Evaluate(PolicyTokens.Of(x, Sample.LogProbs, Sample.Mask), Sample.Advantages).Loss);
        Assert.All(Of(objective).Zip(Of(plain)), p => Assert.Equal(p.Second, p.First, 1e-12));
    }

    [Fact]
    public void Ppo_without_a_clip_is_importance_weighted_reinforce()
    {
        using var scope = NewDisposeScope();
        var unclipped = new ClippedRatio { EpsilonLow = 1, EpsilonHigh = double.PositiveInfinity };
        var values = unclipped.Evaluate(Sample.Tokens(Sample.LogProbs), Sample.Advantages).Values;
        var weighted = -(Sample.LogProbs - Sample.Old).exp() * Sample.Advantages.unsqueeze(1);
        Assert.True(Masked.Keep(values - weighted, Sample.Mask).abs().max().item<double>() < 1e-12);
    }

    [Fact]
    public void An_answer_that_a_reward_prefers_becomes_likelier_under_every_method()
    {
        using var scope = NewDisposeScope();
        var advantages = tensor(new double[] { 1, 0, 0, 0 });
        foreach (var objective in PolicyObjectives.All(8))
        {
            // Clip-Cov takes the gradient of a token that is drawn, and the sample has few; the KL pulls back.
            var plain = objective with { LossKl = null, Loss = objective.Loss is ClipCov ? new ClipCov { CovarianceLow = 100, CovarianceHigh = 101 } : objective.Loss };
            var gradient = Gradient(Sample.LogProbs, x => plain.Evaluate(PolicyTokens.Of(x, Sample.LogProbs, Sample.Mask, draws: Sample.Draws), advantages).Loss);
            Assert.True(gradient.Take(Sample.Lengths[0]).All(g => g < 0), plain.Name);
        }
    }

    [Fact]
    public void What_lies_outside_the_mask_changes_nothing()
    {
        using var scope = NewDisposeScope();
        var garbage = where(Sample.Mask.ne(0), zeros_like(Sample.Mask), full_like(Sample.Mask, double.NaN));
        foreach (var objective in PolicyObjectives.All(8))
        {
            var clean = Gradient(Sample.LogProbs, x => objective.Evaluate(Sample.Tokens(x), Sample.Advantages).Loss);
            var dirty = Gradient(
                Sample.LogProbs + garbage,
                x => objective.Evaluate(PolicyTokens.Of(x, Sample.Old + garbage, Sample.Mask, Sample.Reference + garbage, draws: Sample.Draws), Sample.Advantages).Loss);
            Assert.All(clean.Zip(dirty), p => Assert.Equal(p.First, p.Second, 1e-14));
        }
    }

    [Fact]
    public void An_answer_without_a_token_is_named()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<AlidadeException>(() => PolicyTokens.Of(Sample.LogProbs, Sample.Old, zeros_like(Sample.Mask)));
        Assert.Contains("answer 0 has no token", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_penalty_without_a_reference_is_an_error()
    {
        using var scope = NewDisposeScope();
        var tokens = PolicyTokens.Of(Sample.LogProbs, Sample.Old, Sample.Mask);
        Assert.Contains("reference", Assert.Throws<AlidadeException>(() => PolicyObjectives.Grpo.Evaluate(tokens, Sample.Advantages)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Advantages_of_another_shape_are_an_error()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<AlidadeException>(() => PolicyObjectives.Dapo.Evaluate(Sample.Tokens(Sample.LogProbs), zeros(Rows, Positions + 1, float64)));
    }

    [Fact]
    public void Scored_tokens_are_laid_out_row_by_row_and_gathered_again()
    {
        using var scope = NewDisposeScope();
        var grid = new AnswerGrid([1, 0, 1, 2, 0, 1], 3);
        var values = arange(1, 7, ScalarType.Float64);
        Assert.Equal(new double[] { 2, 5, 0, 1, 3, 6, 4, 0, 0 }, grid.Spread(values).reshape(-1).data<double>().ToArray());
        Assert.Equal(new double[] { 1, 1, 0, 1, 1, 1, 1, 0, 0 }, grid.MaskLike(values).reshape(-1).data<double>().ToArray());
        Assert.Equal(values.data<double>().ToArray(), grid.Gather(grid.Spread(values)).data<double>().ToArray());
    }

    [Fact]
    public void F_dpg_under_kl_is_dpg()
    {
        using var scope = NewDisposeScope();
        Tensor policy = Sample.LogProbs.sum(-1), target = Sample.Reference.sum(-1), proposal = Sample.Old.sum(-1);
        double[] weights = (target - proposal).data<double>().ToArray();
        var state = FDpgState.Start.WithSamples(weights);
        // DPG, Parshakova et al. 2019: ∇ = −E_q[(p/q)·∇log π].
        double[] Of(FDivergence divergence) => Gradient(policy, x => new FDpg { Divergence = divergence, Baseline = false }.Evaluate(x, proposal, target, state).Loss);
        var expected = weights.Select(w => -Math.Exp(w) / Math.Exp(state.LogZ!.Value) / Rows);
        Assert.All(expected.Zip(Of(FDivergence.Kl)), p => Assert.Equal(p.First, p.Second, 1e-12));
    }

    [Fact]
    public void F_dpg_under_reverse_kl_is_reinforce_with_a_kl_penalty()
    {
        using var scope = NewDisposeScope();
        Tensor policy = Sample.LogProbs.sum(-1), reference = Sample.Reference.sum(-1), rewards = Sample.Advantages;
        var state = FDpgState.Start.WithSamples([0]);
        var loss = new FDpg { Divergence = FDivergence.ReverseKl, Baseline = false };
        var gradient = Gradient(policy, x => loss.Evaluate(x, policy, FDpg.RewardTarget(reference, rewards, 0.5), state).Loss);
        var expected = -((rewards / 0.5) - (policy - reference) - 1) / Rows;
        Assert.All(expected.data<double>().ToArray().Zip(gradient), p => Assert.Equal(p.First, p.Second, 1e-12));
    }

    [Fact]
    public void F_dpg_keeps_running_means()
    {
        var state = FDpgState.Start.WithSamples([0, Math.Log(3)]).WithRewards([1, 2]).WithSamples([Math.Log(5)]).WithRewards([6]);
        Assert.Equal(Math.Log(3), state.LogZ!.Value, 1e-12);
        Assert.Equal(3, state.Baseline!.Value, 1e-12);
        Assert.Equal(FDpgState.Memory, state.WithRewards([.. Enumerable.Repeat(0.0, 2000)]).Recent.Count);
        Assert.Throws<AlidadeException>(() => state.WithSamples([double.PositiveInfinity]));
    }

    [Fact]
    public void Nash_md_is_the_unbiased_form_of_its_paper()
    {
        using var scope = NewDisposeScope();
        var wins = tensor(new[] { 1, 0, 0.5, 0.25 });
        var tokens = PolicyTokens.Of(Sample.LogProbs, Sample.LogProbs, Sample.Mask, Sample.Reference);
        var objective = PolicyObjectives.NashMd;
        var advantages = objective.Advantage.Estimate(Rollout.Of(wins, tokens, 1, objective.RewardKl)).Advantages;
        var gradient = Gradient(Sample.LogProbs, x => objective.Evaluate(PolicyTokens.Of(x, Sample.LogProbs, Sample.Mask, Sample.Reference), advantages).Loss);
        // loss = −(P − ½)·log π + β·sg(log π − log π°)·log π, summed over the answer, the mean over answers.
        var kl = Masked.Keep(Sample.LogProbs - Sample.Reference, Sample.Mask).sum(-1);
        var expected = Masked.Keep(((0.1 * kl) - (wins - 0.5)).unsqueeze(1).expand(Rows, Positions) / Rows, Sample.Mask);
        Assert.All(expected.reshape(-1).data<double>().ToArray().Zip(gradient), p => Assert.Equal(p.First, p.Second, 1e-12));

        // TRL's form, each token with its own log-ratio alone: the gradient of k2 in the loss.
        var biased = objective with { RewardKl = new() { Beta = 0 }, LossKl = new() { Beta = 0.1, Estimator = KlEstimator.K2 } };
        advantages = biased.Advantage.Estimate(Rollout.Of(wins, tokens, 1, biased.RewardKl)).Advantages;
        gradient = Gradient(Sample.LogProbs, x => biased.Evaluate(PolicyTokens.Of(x, Sample.LogProbs, Sample.Mask, Sample.Reference), advantages).Loss);
        expected = Masked.Keep(((0.1 * (Sample.LogProbs - Sample.Reference)) - (wins - 0.5).unsqueeze(1)) / Rows, Sample.Mask);
        Assert.All(expected.reshape(-1).data<double>().ToArray().Zip(gradient), p => Assert.Equal(p.First, p.Second, 1e-12));
    }

    [Fact]
    public void The_critic_of_nlpo_learns_half_the_mean_square_and_nothing_is_clipped()
    {
        using var scope = NewDisposeScope();
        var critic = PolicyObjectives.Nlpo.Critic!;
        var mask = ones(1, 3, ScalarType.Float64);
        // Errors 3, -1 and 2, of values that moved by more than any clip: 0.5 · F.mse_loss of RL4LMs.
        var loss = critic.Weight * critic.Evaluate(tensor(new double[,] { { 5, 1, 4 } }), zeros_like(mask), tensor(new double[,] { { 2, 2, 2 } }), mask).Loss.item<double>();
        Assert.Equal(0.5 * (9 + 1 + 4) / 3, loss, 1e-12);
    }

    [Fact]
    public void Lambda_stops_at_its_maximum()
    {
        var lagrange = new Lagrange();
        var state = lagrange.Initial;
        for (var i = 0; i < 30; i++)
            state = lagrange.Next(state, 2);
        Assert.Equal(5, state.Lambda, 1e-12);
    }

    [Fact]
    public void A_rollout_carries_the_kl_in_its_scores()
    {
        using var scope = NewDisposeScope();
        var tokens = Sample.Tokens(Sample.LogProbs);
        var rollout = Rollout.Of(Sample.Advantages, tokens, 2, new() { Beta = 0.5 });
        var kl = (tokens.Old - tokens.Reference!).sum(-1);
        Assert.True((rollout.Scores - (Sample.Advantages - (0.5 * kl))).abs().max().item<double>() < 1e-12);
        Assert.Equal(new long[] { 2, 2 }, rollout.Groups.shape);
    }

    [Fact]
    public void Every_method_estimates_advantages_from_what_it_says_it_needs()
    {
        using var scope = NewDisposeScope();
        var tokens = Sample.Tokens(Sample.LogProbs);
        foreach (var objective in PolicyObjectives.All(8))
        {
            var rollout = Rollout.Of(Sample.Advantages, tokens, 2, objective.RewardKl);
            if (objective.Advantage.NeedsValues)
            {
                Assert.Throws<AlidadeException>(() => objective.Advantage.Estimate(rollout));
                rollout = rollout with { Values = Sample.Old };
            }

            if (objective.Advantage.NeedsGreedyAnswer)
            {
                Assert.Throws<AlidadeException>(() => objective.Advantage.Estimate(rollout));
                rollout = rollout with { GreedyScores = zeros(Rows, float64) };
            }

            var estimate = objective.Advantage.Estimate(rollout);
            Assert.Equal(objective.Advantage.NeedsValues, estimate.Returns is not null);
            Assert.True(double.IsFinite(objective.Evaluate(tokens, estimate.Advantages).Loss.item<double>()), objective.Name);
            Assert.Equal(objective.Critic is not null, objective.Advantage.NeedsValues);
        }
    }

    [Fact]
    public void Equal_rewards_give_exactly_no_advantage_whatever_their_rounding()
    {
        using var scope = NewDisposeScope();
        // The mean of three times 0.1 is not 0.1.
        var rewards = full([1, 3], 0.1, ScalarType.Float64);
        Assert.All(new GroupRelative().Of(rewards).reshape(-1).data<double>().ToArray(), a => Assert.Equal(0, a));
    }

    [Fact]
    public void Clip_cov_drops_the_eligible_tokens_of_the_smallest_draws()
    {
        using var scope = NewDisposeScope();
        var tokens = Sample.Tokens(Sample.LogProbs);
        var loss = new ClipCov { CovarianceLow = -100, CovarianceHigh = 100, Share = 0.2 };
        var (_, eligible) = loss.Eligible(tokens, Sample.Advantages);
        var count = (int)(Sample.Lengths.Sum() * 0.2);
        var kept = loss.Evaluate(tokens, Sample.Advantages).Values;
        var clip = new ClippedRatio().Evaluate(tokens, Sample.Advantages).Values;
        var dropped = Masked.Keep(kept.eq(0).logical_and(clip.ne(0)).to(ScalarType.Float64), Sample.Mask);
        Assert.Equal(count, (int)dropped.sum().item<double>());
        var largestDropped = where(dropped.ne(0), tokens.Draws!, zeros_like(dropped)).max().item<double>();
        var smallestKept = where(dropped.eq(0).logical_and(eligible.ne(0)), tokens.Draws!, ones_like(dropped)).min().item<double>();
        Assert.True(largestDropped < smallestKept);
    }

    private static double[] Gradient(Tensor at, Func<Tensor, Tensor> function)
    {
        using var scope = NewDisposeScope();
        var x = at.detach().clone().requires_grad_(true);
        function(x).backward();
        return x.grad!.reshape(-1).data<double>().ToArray();
    }

    /// <summary>Four answers of up to five tokens, away from every kink.</summary>
    private static class Sample
    {
        public static readonly int[] Lengths = [5, 3, 4, 2];

        public static Tensor Mask => tensor(Lengths.SelectMany(n => Enumerable.Range(0, Positions).Select(t => t < n ? 1.0 : 0)).ToArray(), [Rows, Positions]);

        public static Tensor LogProbs => -0.2 - Random("policy");

        public static Tensor Old => LogProbs + (0.9 * (Random("old") - 0.5));

        public static Tensor Reference => LogProbs + (Random("reference") - 0.5);

        public static Tensor Draws => Random("draws");

        public static Tensor Advantages => tensor(new[] { 0.7, -1.3, 0.4, -0.6 });

        public static PolicyTokens Tokens(Tensor logProbs) => PolicyTokens.Of(logProbs, Old, Mask, Reference, draws: Draws);

        public static PolicyTokens Tokens(Tensor logProbs, int start, int count)
        {
            Tensor Part(Tensor x) => x.narrow(0, start, count);
            return PolicyTokens.Of(Part(logProbs), Part(Old), Part(Mask), Part(Reference), draws: Part(Draws));
        }

        private static Tensor Random(string name)
        {
            var random = new SeededRandom(1).Fork(name);
            return tensor(Enumerable.Range(0, Rows * Positions).Select(_ => random.NextDouble()).ToArray(), [Rows, Positions]);
        }
    }
}
