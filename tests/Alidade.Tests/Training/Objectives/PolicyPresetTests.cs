using Alidade.Core;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Objectives.Reinforcement.Advantages;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Objectives;

/// <summary>Combinations that are equal to a method's own formula.</summary>
public sealed class PolicyPresetTests
{
    private static Tensor Of(params double[] values) => tensor(values, ScalarType.Float64);

    private static Tensor OldOfTwoTokens => -tensor(new[] { 0.5, 1.5, 0.2, 0.9, 2.0, 0.1, 0.7, 0.4 }, ScalarType.Float64).view(4, 2);

    private static Tensor ReferenceOfTwoTokens => -tensor(new[] { 0.7, 1.1, 0.4, 0.9, 1.0, 0.6, 0.7, 1.4 }, ScalarType.Float64).view(4, 2);

    [Theory]
    [InlineData(FDivergence.Kl)]
    [InlineData(FDivergence.ReverseKl)]
    [InlineData(FDivergence.JensenShannon)]
    [InlineData(FDivergence.TotalVariation)]
    public void F_dpg_of_its_own_answers_has_the_gradient_of_its_formula(FDivergence divergence)
    {
        using var scope = NewDisposeScope();
        const double Beta = 0.3;
        var formula = new FDpg { Divergence = divergence, Baseline = false };
        var (rewards, mask) = (Of(1, -0.5, 0.2, 0.9), ones(4, 2, ScalarType.Float64));

        using var x = OldOfTwoTokens.requires_grad_();
        var target = FDpg.RewardTarget(ReferenceOfTwoTokens.sum(-1), rewards, Beta);
        var state = FDpgState.Start.WithSamples((target - OldOfTwoTokens.sum(-1)).data<double>().ToArray());
        formula.Evaluate(x.sum(-1), OldOfTwoTokens.sum(-1), target, state).Loss.backward();
        var expected = x.grad!.clone();

        using var y = OldOfTwoTokens.requires_grad_();
        var tokens = PolicyTokens.Of(y, OldOfTwoTokens, mask, ReferenceOfTwoTokens);
        var objective = PolicyObjectives.FDpg with { Advantage = formula, RewardKl = new() { Beta = Beta } };
        var advantages = objective.Advantage.Estimate(Rollout.Of(rewards, tokens, 4, objective.RewardKl)).Advantages;
        objective.Evaluate(tokens, advantages).Loss.backward();
        Assert.True((y.grad! - expected).abs().max().item<double>() < 1e-12);
    }

    [Fact]
    public void F_dpg_without_a_kl_in_the_reward_has_no_target()
    {
        using var scope = NewDisposeScope();
        var tokens = PolicyTokens.Of(OldOfTwoTokens, OldOfTwoTokens, ones(4, 2, ScalarType.Float64), ReferenceOfTwoTokens);
        Assert.Contains("objective.reward_kl.beta", Assert.Throws<AlidadeException>(() => new FDpg().Estimate(Rollout.Of(Of(1, 2, 3, 4), tokens, 4))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_off_policy_mask_takes_out_bad_answers_that_the_policy_has_left_and_no_others()
    {
        using var scope = NewDisposeScope();
        var (sampler, advantages) = (OldOfTwoTokens, Of(-1, -1, 1, 1));
        // The policy has left the first and the third answer by one nat a token.
        var policy = sampler - Of(1, 0, 1, 0).unsqueeze(1);
        var tokens = PolicyTokens.Of(policy, sampler, ones(4, 2, ScalarType.Float64));
        var plain = PolicyObjectives.Grpo with { LossKl = null };
        var losses = plain.Evaluate(tokens, advantages).PerItem;
        var masked = (plain with { OffPolicy = new() { Threshold = 0.5 } }).Evaluate(tokens, advantages);
        Assert.Equal(0, masked.PerItem[0].abs().sum().item<double>());
        Assert.Equal(0, (masked.PerItem.narrow(0, 1, 3) - losses.narrow(0, 1, 3)).abs().sum().item<double>());
        Assert.NotEqual(0, losses[0].abs().sum().item<double>());
        Assert.Equal(0.25, masked.Metrics["off_policy_dropped"].item<double>(), 1e-12);
    }
}
