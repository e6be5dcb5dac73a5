using Alidade.Core;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Objectives.Ranking;

/// <summary>Laws of single objectives on pairs.</summary>
public sealed class PairLawTests
{
    private static double[] Items(IPreferenceObjective objective, PairLogProbs pairs) => objective.Evaluate(pairs).PerItem.data<double>().ToArray();

    private static void Same(double[] expected, double[] actual) => Assert.Equal(expected, actual, (a, b) => Math.Abs(a - b) < 1e-12 * Math.Max(1, Math.Abs(a)));

    [Fact]
    public void Optimal_transport_of_unpaired_answers_does_not_see_which_belong_together()
    {
        using var scope = NewDisposeScope();
        PairLogProbs pairs = SomePairs.Of(), mixed = SomePairs.Permuted(pairs, 4, 2, 0, 1, 3);
        var exchanged = pairs with { PolicyRejected = mixed.PolicyRejected, ReferenceRejected = mixed.ReferenceRejected };
        Same(Items(new AotUnpaired(), pairs), Items(new AotUnpaired(), exchanged));
        Assert.NotEqual(Items(new Aot(), pairs)[0], Items(new Aot(), exchanged)[0], 1e-6);
    }

    [Fact]
    public void Optimal_transport_of_one_pair_is_dpo()
    {
        using var scope = NewDisposeScope();
        var one = new PairLogProbs(tensor(new[] { -5.5 }), tensor(new[] { -7.25 }), tensor(new[] { -6.0 }), tensor(new[] { -6.5 }), [3], [4]);
        Same(Items(new Dpo(), one), Items(new Aot(), one));
        Same(Items(new Dpo(), one), Items(new AotUnpaired(), one));
    }

    [Fact]
    public void A_gate_found_by_search_does_not_overflow_however_wrong_the_policy_is()
    {
        using var scope = NewDisposeScope();
        var chosen = tensor(new[] { -300f, -10 }).requires_grad_(true);
        var result = new DiscoPop { Beta = 1 }.Evaluate(new(chosen, tensor(new[] { -10f, -300 }), zeros(2), zeros(2), [3, 3], [4, 4]));
        result.Loss.backward();
        // −(1 − g)·log σ(x) with g = 0 and x = −290; nothing where the policy is right.
        Assert.Equal([290f, 0], result.PerItem.data<float>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-4);
        Assert.Equal([-0.5f, 0], chosen.grad!.data<float>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Terms_of_a_sum_are_logged_by_name_and_rewards_are_those_of_the_first_that_has_them()
    {
        using var scope = NewDisposeScope();
        var pairs = SomePairs.Of();
        var sum = new WeightedSum { Terms = [new(0.5, new ChosenNll()), new(2, new Dpo { Beta = 0.3 }), new(-1, new BcoPair { Beta = 0.7 }), new(1, new LengthDesensitised())] };
        Assert.Equal(PairInputs.Reference | PairInputs.SharedLength, sum.Needs);
        Objective all = sum.Evaluate(pairs), dpo = new Dpo { Beta = 0.3 }.Evaluate(pairs), bco = new BcoPair { Beta = 0.7 }.Evaluate(pairs);
        Objective nll = new ChosenNll().Evaluate(pairs), shortened = new LengthDesensitised().Evaluate(pairs);
        Same(dpo.Outputs["rewards_chosen"].data<double>().ToArray(), all.Outputs["rewards_chosen"].data<double>().ToArray());
        Assert.Equal((0.5 * nll.Loss + 2 * dpo.Loss - bco.Loss + shortened.Loss).item<double>(), all.Loss.item<double>(), 1e-12);
        Assert.Equal(all.Loss.item<double>(), all.PerItem.mean().item<double>(), 1e-12);
        Assert.Equal(bco.Loss.item<double>(), all.Metrics["loss_bco_pair"].item<double>());
        Assert.Equal(nll.Loss.item<double>(), all.Metrics["nll"].item<double>());
    }

    [Fact]
    public void A_reference_moves_after_every_so_many_updates()
    {
        using var scope = NewDisposeScope();
        var rule = new MovingReference { Every = 3, Mixture = 0.25 };
        Assert.Equal([3, 6], Enumerable.Range(0, 8).Where(rule.IsDue));
        Tensor reference = tensor(new[] { 4.0 }), policy = tensor(new[] { 8.0 });
        Assert.Equal(5, rule.Moved(reference, policy).item<double>());
        Assert.Equal(4, reference.item<double>());
    }

    [Fact]
    public void Robust_dpo_of_flipped_labels_is_in_the_mean_dpo_of_the_clean_ones()
    {
        using var scope = NewDisposeScope();
        var pairs = SomePairs.Of();
        var flipped = new PairLogProbs(pairs.PolicyRejected, pairs.PolicyChosen, pairs.ReferenceRejected, pairs.ReferenceChosen, pairs.RejectedLengths, pairs.ChosenLengths);
        var robust = new RobustDpo { Beta = 0.5, LabelSmoothing = 0.3 };
        Same(Items(new Dpo { Beta = 0.5 }, pairs), [.. Items(robust, pairs).Zip(Items(robust, flipped), (right, wrong) => (0.7 * right) + (0.3 * wrong))]);
    }

    [Fact]
    public void Regression_to_relative_rewards_does_not_see_which_answer_comes_first()
    {
        using var scope = NewDisposeScope();
        var pairs = SomePairs.Of();
        var flipped = new PairLogProbs(pairs.PolicyRejected, pairs.PolicyChosen, pairs.ReferenceRejected, pairs.ReferenceChosen, pairs.RejectedLengths, pairs.ChosenLengths)
        {
            ChosenReward = pairs.RejectedReward,
            RejectedReward = pairs.ChosenReward,
        };
        Same(Items(new Rebel(), pairs), Items(new Rebel(), flipped));
    }

    [Theory]
    [InlineData(1.5)]
    [InlineData(3)]
    public void Probabilities_of_win_tie_and_loss_add_up_to_one(double nu)
    {
        using var scope = NewDisposeScope();
        foreach (TiedDpo objective in new TiedDpo[] { new RaoKupperDpo { Beta = 0.7, Nu = nu }, new DavidsonDpo { Beta = 0.7, Nu = nu } })
        {
            var outputs = objective.Evaluate(SomePairs.Of()).Outputs;
            Same([1, 1, 1, 1, 1], (outputs["p_win"] + outputs["p_tie"] + outputs["p_loss"]).data<double>().ToArray());
        }
    }

    [Fact]
    public void Self_play_without_win_probabilities_is_certain_of_the_labels()
    {
        using var scope = NewDisposeScope();
        var pairs = SomePairs.Of();
        Same(Items(new Sppo { Beta = 0.1 }, pairs with { WinProbability = ones_like(pairs.PolicyChosen) }), Items(new Sppo { Beta = 0.1 }, pairs with { WinProbability = null }));
    }

    [Fact]
    public void Weights_scale_loss_and_gradient_of_each_pair_and_carry_no_gradient()
    {
        using var scope = NewDisposeScope();
        (double[] Gradient, Objective Result) Of(PairwiseObjective objective)
        {
            var chosen = tensor(SomePairs.Chosen).requires_grad_(true);
            var result = objective.Evaluate(SomePairs.Of(chosen, tensor(SomePairs.Rejected)));
            result.PerItem.sum().backward();
            return (chosen.grad!.data<double>().ToArray(), result);
        }

        var (plain, baseline) = Of(new Ipo());
        var (weighted, result) = Of(new Wpo { Base = new Ipo() });
        var weights = result.Outputs["weights"].data<double>().ToArray();
        // exp of the mean log-ratio to the collision probability, both answers: the first pair by hand.
        Assert.Equal(Math.Exp(((-11.25 + 6.5) / 9) + ((-13.5 + 7.75) / 11)), weights[0], 1e-12);
        Same([.. plain.Zip(weights, (g, w) => g * w)], weighted);
        Same([.. baseline.PerItem.data<double>().ToArray().Zip(weights, (l, w) => l * w)], result.PerItem.data<double>().ToArray());
    }

    [Fact]
    public void A_bound_on_weights_holds()
    {
        using var scope = NewDisposeScope();
        var weights = new Wpo { MaxWeight = 0.25 }.Evaluate(SomePairs.Of()).Outputs["weights"].data<double>().ToArray();
        Assert.All(weights, w => Assert.True(w <= 0.25));
        Assert.Contains(0.25, weights);
    }

    [Fact]
    public void Weights_are_of_the_answers_as_they_are_also_around_shortened_ones()
    {
        using var scope = NewDisposeScope();
        var shortened = new LengthDesensitised { Alpha = 0 };
        Same(
            new Wpo().Evaluate(SomePairs.Of()).Outputs["weights"].data<double>().ToArray(),
            new Wpo { Base = shortened }.Evaluate(SomePairs.Of()).Outputs["weights"].data<double>().ToArray());
        Assert.Equal("ld_dpo: Base is wpo, whose weights would be of changed likelihoods; put ld_dpo into wpo instead",
            Assert.Throws<AlidadeException>(() => new LengthDesensitised { Base = new Wpo() }).Message);
    }

    [Fact]
    public void Implied_rewards_are_measured_on_the_pairs_as_the_loss_sees_them()
    {
        using var scope = NewDisposeScope();
        var pairs = SomePairs.Of();
        double Reward(IPreferenceObjective objective) => objective.Evaluate(pairs).Outputs["rewards_chosen"][0].item<double>();
        Assert.Equal(0.1 * (-11.25 + 12.75), Reward(new Dpo()), 1e-12);
        Assert.Equal(0.1 * -11.25, Reward(new ReferenceFree()), 1e-12);
        Assert.Equal(0.1 * (-11.25 + 12.75) / 9, Reward(new LengthNormalised()), 1e-12);
        Assert.Equal(0.1 * ((0.75 * -11.25) + (0.625 * 12.75)), Reward(new Wpo { Base = new LengthDesensitised { Alpha = 0 } }), 1e-12);
        Assert.Equal(2 * -11.25 / 9, Reward(new SimPo()), 1e-12);
    }

    [Fact]
    public void A_divergence_has_score_zero_where_policy_and_reference_agree_and_grows()
    {
        using var scope = NewDisposeScope();
        foreach (var divergence in new Divergence[] { new ReverseKl(), new ForwardKl(), new JensenShannon(), new AlphaDivergence(), new AlphaDivergence { Alpha = 2 } })
        {
            var scores = divergence.Score(tensor(new[] { -2.0, -0.5, 0, 0.5, 2 })).data<double>().ToArray();
            Assert.Equal(0, scores[2], 1e-15);
            Assert.Equal(scores.Order(), scores);
        }

        // α → 0 and α → 1 are the two KL divergences.
        var ratios = tensor(new[] { -1.5, -0.25, 0.75 });
        Assert.True((new AlphaDivergence { Alpha = 0 }.Score(ratios) - new ForwardKl().Score(ratios)).abs().max().item<double>() < 1e-15);
        Assert.True((new AlphaDivergence { Alpha = 1 - 1e-7 }.Score(ratios) - new ReverseKl().Score(ratios)).abs().max().item<double>() < 1e-6);
    }

    [Theory]
    [InlineData(0, "chosen")]
    [InlineData(1, "rejected")]
    public void An_answer_of_probability_one_has_no_odds(int which, string answer)
    {
        using var scope = NewDisposeScope();
        double[] certain = [-1, 0], other = [-2, -1];
        var pairs = new PairLogProbs(tensor(which == 0 ? certain : other), tensor(which == 1 ? certain : other), zeros(2), zeros(2), [2, 3], [2, 3])
        {
            PromptAndChosen = tensor(new[] { -3.0, -3 }),
            PromptAndChosenLengths = [4, 4],
        };
        Assert.Contains($"orpo: pair 1: the {answer} answer has a mean log-probability of 0", Assert.Throws<AlidadeException>(() => new Orpo().Evaluate(pairs)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Odds_of_an_almost_certain_answer_keep_their_digits_in_float32()
    {
        using var scope = NewDisposeScope();
        // In float32 e^−1e-9 is 1, so the branch for far likelihoods has no value here and must leave no trace in the gradient.
        Tensor chosen = tensor(new[] { -1e-9f }).requires_grad_(true), rejected = tensor(new[] { -3f }).requires_grad_(true);
        var result = new Orpo { Beta = 1 }.Evaluate(new(chosen, rejected, zeros(1), zeros(1), [1], [1]) { PromptAndChosen = tensor(new[] { -2f }), PromptAndChosenLengths = [4] });
        result.PerItem.sum().backward();
        var odds = Math.Log(1e9) + 3 + Math.Log(1 - Math.Exp(-3));
        Assert.Equal(odds, result.Metrics["log_odds_chosen"].item<float>(), 1e-5);
        // d/dx of log-odds is 1/(1 − eˣ), 1e9 here, times 1 − σ(odds).
        Assert.Equal(-1e9 / (1 + Math.Exp(odds)), chosen.grad!.item<float>(), 1e-5);
        Assert.True(float.IsFinite(rejected.grad!.item<float>()));
    }

    [Fact]
    public void Shared_sums_are_of_the_first_scored_tokens_that_both_answers_have()
    {
        using var scope = NewDisposeScope();
        // The masks have gaps, and the numbers outside them are garbage.
        Tensor chosen = tensor(new[] { -9.0, -1, -9, -2, -4, -8 }).view(1, 6), chosenMask = tensor(new long[] { 0, 1, 0, 1, 1, 1 }).view(1, 6);
        Tensor rejected = tensor(new[] { -3.0, -99, -5 }).view(1, 3), rejectedMask = tensor(new long[] { 1, 0, 1 }).view(1, 3);
        var pairs = PairLogProbs.OfTokens(chosen, rejected, chosen * 2, rejected * 2, chosenMask, rejectedMask);
        Assert.Equal(-15, pairs.PolicyChosen.item<double>());
        Assert.Equal([-3, -8, -6, -16], new[] { pairs.Shared!.Value.PolicyChosen, pairs.Shared.Value.PolicyRejected, pairs.Shared.Value.ReferenceChosen, pairs.Shared.Value.ReferenceRejected }
            .Select(t => t.item<double>()));
        Assert.Equal([4], pairs.ChosenLengths);
    }

    [Fact]
    public void Checkpoints_know_the_settings_of_an_objective_inside_another()
    {
        string[] different =
        [
            .. new object[]
            {
                new Dpo(), new Dpo { Beta = 0.2 }, new Dpo { Divergence = new JensenShannon() }, new Dpo { Divergence = new AlphaDivergence() },
                new Dpo { Divergence = new AlphaDivergence { Alpha = 0.3 } }, new Wpo(), new Wpo { Base = new Dpo { Beta = 0.2 } }, new Wpo { Base = new Hinge() },
                new WeightedSum(), new WeightedSum { Terms = [new(1, new Dpo())] }, new WeightedSum { Terms = [new(1, new Dpo { Beta = 0.2 })] },
            }.Select(Fingerprints.Of),
        ];
        Assert.Equal(different.Length, different.Distinct().Count());
        Assert.Equal(Fingerprints.Of(new Wpo { Base = new Hinge() }), Fingerprints.Of(new Wpo { Base = new Hinge() }));
    }
}
