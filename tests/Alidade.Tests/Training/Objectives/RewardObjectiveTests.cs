using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reward;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Objectives;

public sealed class RewardObjectiveTests
{
    [Fact]
    public void Lists_of_two_are_pairs_for_every_objective_on_lists()
    {
        using var scope = NewDisposeScope();
        Tensor chosen = tensor([1.0, -0.5, 2]), rejected = tensor([0.25, 0.5, 2]);
        var pairs = AnswerScores.OfPairs(chosen, rejected);
        var expected = new PairwiseReward().Evaluate(pairs).Loss.item<double>();
        Assert.Equal(expected, new AllPairsReward().Evaluate(pairs).Loss.item<double>(), 1e-12);
        Assert.Equal(expected, new PlackettLuceReward().Evaluate(pairs).Loss.item<double>(), 1e-12);
        Assert.Equal(expected, new OrdinalReward { Levels = 2 }.Evaluate(new AnswerScores((chosen - rejected).unsqueeze(1), [1, 1, 1]) { Labels = [1, 1, 1] }).Loss.item<double>(), 1e-12);
    }

    [Fact]
    public void The_agreement_of_an_ensemble_is_that_of_its_margins_counted_by_hand()
    {
        // Margins of the two members: 3 and 1; 2 and −4; −1 and −1; 0 and 2. What a member adds to all scores of a pair does not count.
        double[] first = [5, 2, 12, 10, -1, 0, 0, 0], second = [1, 0, -4, 0, 6, 7, 3, 1];
        var found = EnsembleAgreement.Of([first, second], [2, 2, 2, 2]);
        Assert.Equal((2, 4), (found.Members, found.Pairs));
        Assert.Equal(2.0 / 4, found.Accuracy.Value);
        Assert.Equal(2.0 / 4, found.Divided.Value);
        Assert.Equal((1.0 + 3 + 0 + 1) / 4, found.Spread.Value, 1e-12);
        Assert.Equal(Proportion.Wilson(2, 4), found.Accuracy.Interval);
        Assert.Equal(Mean.Of([1, 3, 0, 1]).Interval(), found.Spread.Interval);
    }

    [Fact]
    public void Every_two_answers_of_a_list_are_a_pair_and_lists_are_clusters()
    {
        var found = EnsembleAgreement.Of([[3, 1, 2, 0, 1]], [3, 2]);
        Assert.Equal(4, found.Pairs);
        Assert.Equal(2.0 / 4, found.Accuracy.Value);
        Assert.Equal(Mean.Clustered([1, 1, 0, 0], ["0", "0", "0", "1"]).Interval(), found.Accuracy.Interval);
        Assert.Equal((0.0, 0.0), (found.Divided.Value, found.Spread.Value));
        Assert.Contains("scores 4 answers, and the rows have 5", Assert.Throws<AlidadeException>(() => EnsembleAgreement.Of([[1, 2, 3, 4]], [3, 2])).Message, StringComparison.Ordinal);
        Assert.Throws<AlidadeException>(() => EnsembleAgreement.Of([[1]], [1]));
    }

    [Fact]
    public void Lists_of_different_lengths_stand_in_one_batch()
    {
        using var scope = NewDisposeScope();
        var scores = tensor([2.0, 1, 0, 1, -1]).unsqueeze(1);
        foreach (var objective in new IRewardObjective[] { new AllPairsReward(), new PlackettLuceReward { Top = 2 } })
        {
            var each = new[] { (0, 3), (3, 2) }.Average(part => objective.Evaluate(new(scores.narrow(0, part.Item1, part.Item2), [part.Item2])).Loss.item<double>());
            Assert.Equal(each, objective.Evaluate(new(scores, [3, 2])).Loss.item<double>(), 1e-12);
        }
    }

    [Fact]
    public void Gradients_of_ordinal_levels_and_of_token_costs_are_those_of_differences()
    {
        using var generator = new Generator(3, CPU);
        Tensor Random(params long[] shape) => randn(shape, ScalarType.Float64, generator: generator);
        FiniteDifferences.Check(
            x => new OrdinalReward { Levels = 3 }.Evaluate(new AnswerScores(x[0], [1, 1, 1, 1]) { Labels = [0, 1, 2, 1] }, new(x[1], x[2])).Loss, Random(4, 1), Random(), Random(1));
        FiniteDifferences.Check(x => new CostModel { Regularisation = 0.2 }.OfTokens(x[0], x[1], [1, 0, 1, 1], [1, 0], [3, 2], [4, 1]).Loss, Random(2, 5), Random(2, 5));
    }

    [Fact]
    public void Extreme_scores_of_an_ordinal_scale_stay_finite()
    {
        using var scope = NewDisposeScope();
        var scores = tensor([80f, -80, 80, -80]).unsqueeze(1).requires_grad_(true);
        var loss = new OrdinalReward { Levels = 3 }.Evaluate(new AnswerScores(scores, [1, 1, 1, 1]) { Labels = [0, 2, 1, 1] }).Loss;
        loss.backward();
        Assert.True(float.IsFinite(loss.item<float>()));
        Assert.All(scores.grad!.flatten().data<float>().ToArray(), g => Assert.True(float.IsFinite(g)));
    }

    [Fact]
    public void Even_cuts_stand_one_apart_around_zero()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([-1.5, -0.5, 0.5, 1.5], OrdinalCuts.Even(5, tensor(0.0)).Values().data<double>().ToArray().Select(c => Math.Round(c, 12)));
    }

    [Fact]
    public void An_answer_that_the_members_disagree_about_loses_to_one_they_agree_on()
    {
        var ensemble = RewardEnsemble.Of([[1.0, 4], [1.2, -1], [0.8, 2]]);
        Assert.Equal(1, RewardEnsemble.Best(ensemble.Mean));
        Assert.Equal(0, RewardEnsemble.Best(ensemble.Minimum));
        Assert.Equal(0, RewardEnsemble.Best(ensemble.LowerBound(1)));
        Assert.Equal(0, RewardEnsemble.Best(ensemble.UncertaintyWeighted(0.5)));
    }

    [Fact]
    public void The_expected_maximum_of_all_samples_is_their_maximum_and_of_one_their_mean()
    {
        double[] scores = [3, -1, 4, 1.5];
        Assert.Equal(4, BestOf.ExpectedMaximum(scores, 4), 1e-12);
        Assert.Equal(scores.Average(), BestOf.ExpectedMaximum(scores, 1), 1e-12);
        Assert.Equal(new[] { 3.0, 4, 3, 4, 1.5, 4 }.Average(), BestOf.ExpectedMaximum(scores, 2), 1e-12);
    }

    [Fact]
    public void The_fitted_law_of_over_optimisation_gives_back_the_law_and_a_reward_that_never_falls_has_no_peak()
    {
        double[] distances = [0.5, 1, 2, 3, 5];
        var fit = OverOptimisation.Fit(OptimisationMethod.Reinforcement, distances, [.. distances.Select(d => d * (1.25 - (0.5 * Math.Log(d))))]);
        Assert.Equal((1.25, 0.5), (Math.Round(fit.Alpha, 10), Math.Round(fit.Beta, 10)));
        Assert.Equal(Math.Exp(1.5), fit.PeakDistance!.Value, 1e-9);
        Assert.Null(OverOptimisation.Fit(OptimisationMethod.BestOfN, distances, [.. distances.Select(d => d * (1 + d))]).PeakDistance);
    }

    [Theory]
    [InlineData("reward: CenterCoefficient is -1")]
    [InlineData("there must be at least 1")]
    [InlineData("each must be a number above 0")]
    [InlineData("ordinal: Levels is 1")]
    [InlineData("cost_model: Regularisation is -1")]
    [InlineData("row 0 has 3 answers, a pair has 2")]
    [InlineData("row 0 has 1 answers, a ranked list has at least 2")]
    [InlineData("the head gives 2 scores")]
    [InlineData("label 2 is out of range; there are labels 0 to 1")]
    [InlineData("the rows have no labels")]
    [InlineData("classification needs a head with an output for each label")]
    [InlineData("label 3 of a step")]
    [InlineData("no step of the batch is labelled")]
    [InlineData("the head has 1 outputs, and 'prm' needs 2")]
    [InlineData("a solution without steps")]
    [InlineData("an ensemble needs at least one")]
    [InlineData("different numbers of answers: 1, 2")]
    [InlineData("the best of 0 samples")]
    [InlineData("the best of 3 cannot be estimated from 2 samples")]
    [InlineData("two constants")]
    [InlineData("a distance √KL is 0")]
    [InlineData("these are no probabilities")]
    public void What_cannot_be_is_said_in_one_line(string message)
    {
        using var scope = NewDisposeScope();
        var three = new AnswerScores(zeros(3, 1), [3]);
        var two = new AnswerScores(zeros(2, 2), [1, 1]);
        Action[] wrong =
        [
            () => _ = new PairwiseReward { CenterCoefficient = -1 }, () => _ = new PlackettLuceReward { Top = 0 }, () => _ = new ClassificationReward { ClassWeights = [1, 0] },
            () => _ = new OrdinalReward { Levels = 1 }, () => _ = new CostModel { Regularisation = -1 },
            () => new PairwiseReward().Evaluate(three), () => new AllPairsReward().Evaluate(new(zeros(1, 1), [1])), () => new PairwiseReward().Evaluate(new(zeros(2, 2), [2])),
            () => new ClassificationReward().Evaluate(two with { Labels = [0, 2] }), () => new ClassificationReward().Evaluate(two),
            () => new ClassificationReward().Evaluate(new AnswerScores(zeros(1, 1), [1]) { Labels = [0] }),
            () => new ProcessReward().Evaluate(new(zeros(1, 2), [3], [0], 1)), () => new ProcessReward().Evaluate(new(zeros(0, 2), [], [], 1)),
            () => new ProcessReward().Evaluate(new(zeros(1, 1), [1], [0], 1)), () => StepAggregation.Mean.Of([]), () => RewardEnsemble.Of([]), () => RewardEnsemble.Of([[1], [1, 2]]),
            () => BestOfN.Kl(0), () => BestOf.ExpectedMaximum([1, 2], 3), () => OverOptimisation.Fit(OptimisationMethod.BestOfN, [1, 1], [1, 1]),
            () => OverOptimisation.Fit(OptimisationMethod.BestOfN, [0, 1], [0, 1]), () => BestOfN.Distribution([0.5, 0.4], 2),
        ];
        Assert.Contains(wrong, w => Record.Exception(w) is AlidadeException error && error.Message.Contains(message, StringComparison.Ordinal) && !error.Message.Contains('\n'));
    }
}
