using Alidade.Core;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Objectives.Ranking;

public sealed class RankingObjectiveTests
{
    private static readonly double[] Sums = [-11.25, -7.5, -20.125, -4.75, -9.0625, -30.5];
    private static readonly IReadOnlyList<IReadOnlyList<int>> Lengths = [[9, 4, 14, 3], [6, 17]];
    private static readonly IReadOnlyList<IReadOnlyList<double>> Scores = [[0.25, 1, -0.5, 0.75], [2, 0.5]];

    private static readonly Dictionary<string, IRankingObjective> Objectives = new(StringComparer.Ordinal)
    {
        ["rrhf"] = new Rrhf(),
        ["rrhf, other penalty, mean"] = new Rrhf { LengthPenalty = 0.75, RankWeight = 3, Imitation = AnswerScale.TokenMean },
        ["pro"] = new Pro { SftWeight = 0.2 },
        ["listwise_dpo"] = new ListwiseDpo { Beta = 0.4 },
        ["slic rank"] = new SlicCalibration { Beta = 3 },
        ["slic margin"] = new SlicCalibration { Loss = CalibrationLoss.Margin, Beta = 4, LengthPenalty = 0.75 },
        ["slic list"] = new SlicCalibration { Loss = CalibrationLoss.List, Beta = 1.5 },
        ["slic reward"] = new SlicCalibration { Loss = CalibrationLoss.Reward },
    };

    public static TheoryData<string> Names() => [.. Objectives.Keys];

    private static RankedLogProbs Lists(Tensor sums) => RankedLogProbs.Of(sums, tensor(new[] { -12.0, -7.75, -19.5, -5, -10, -28 }), Lengths, Scores);

    [Theory]
    [MemberData(nameof(Names))]
    public void The_gradient_is_the_one_of_finite_differences(string name)
    {
        using var scope = NewDisposeScope();
        FiniteDifferences.Check(x => Objectives[name].Evaluate(Lists(x[0])).Loss, tensor(Sums));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_order_of_answers_and_of_lists_does_not_matter(string name)
    {
        using var scope = NewDisposeScope();
        var lists = Lists(tensor(Sums)).Lists;
        RankedList Moved(RankedList list, params int[] order)
        {
            var index = tensor(order.Select(i => (long)i).ToArray());
            return new(list.Policy.index_select(0, index), list.Reference.index_select(0, index), [.. order.Select(i => list.Lengths[i])], [.. order.Select(i => list.Scores[i])]);
        }

        Objective one = Objectives[name].Evaluate(new(lists)), other = Objectives[name].Evaluate(new([Moved(lists[1], 1, 0), Moved(lists[0], 2, 0, 3, 1)]));
        Assert.Equal(one.Loss.item<double>(), other.Loss.item<double>(), 1e-12);
        Assert.Equal(one.PerItem[0].item<double>(), other.PerItem[1].item<double>(), 1e-12);
        Assert.Equal(one.Metrics["rank_accuracy"].item<double>(), other.Metrics["rank_accuracy"].item<double>(), 1e-12);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_list_that_cannot_be_ranked_is_an_error(string name)
    {
        using var scope = NewDisposeScope();
        void Refused(string why, int[] lengths, params double[] scores)
        {
            var sums = tensor(new double[scores.Length]) - 1;
            Assert.Contains(why, Assert.Throws<AlidadeException>(() => Objectives[name].Evaluate(RankedLogProbs.Of(sums, null, [lengths], [scores]))).Message, StringComparison.Ordinal);
        }

        Refused("list 0 has 1 answer(s)", [3], 1);
        Refused("list 0: answer 1 has no scored token", [3, 0], 1, 2);
        Refused("list 0 has a score that is not a number", [3, 2], 1, double.NaN);
        Assert.Contains("the batch has no list", Assert.Throws<AlidadeException>(() => Objectives[name].Evaluate(new([]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ranking_of_two_is_dpo()
    {
        using var scope = NewDisposeScope();
        var pair = new PairLogProbs(tensor(new[] { -5.5 }), tensor(new[] { -7.25 }), tensor(new[] { -6.0 }), tensor(new[] { -6.5 }), [3], [4]);
        var list = RankedLogProbs.Of(tensor(new[] { -7.25, -5.5 }), tensor(new[] { -6.5, -6.0 }), [[4, 3]], [[0, 1]]);
        Assert.Equal(new Dpo { Beta = 0.3 }.Evaluate(pair).Loss.item<double>(), new ListwiseDpo { Beta = 0.3 }.Evaluate(list).Loss.item<double>(), 1e-12);
    }

    [Fact]
    public void The_accuracy_counts_pairs_of_different_scores_by_the_objectives_own_measure()
    {
        using var scope = NewDisposeScope();
        // Token means -1.25, -1.875, -1.4375, -1.583 with scores .25, 1, -.5, .75; and -1.51, -1.79 with 2, .5.
        Assert.Equal(2.0 / 7, new Rrhf().Evaluate(Lists(tensor(Sums))).Metrics["rank_accuracy"].item<double>(), 1e-12);
        var equal = new Rrhf().Evaluate(RankedLogProbs.Of(tensor(new[] { -1.0, -2 }), null, [[1, 1]], [[3, 3]]));
        Assert.False(equal.Metrics.ContainsKey("rank_accuracy"));
        Assert.Equal(0, equal.Outputs["rank_loss"].item<double>());
        Assert.Equal(1, equal.Outputs["nll"].item<double>());
    }

    [Fact]
    public void Equal_rewards_make_no_pair_and_are_counted()
    {
        var (pairs, ties) = OnlinePairs.Of([1, 2, 3, 0], [2, 2, 1, 0]);
        Assert.Equal([new OnlinePair(0, false), new OnlinePair(2, true)], pairs);
        Assert.Equal(2, ties);
        Assert.Equal(-0.5, new OnlinePairs { MissingEndPenalty = 1.5 }.RewardOf(1, ended: false));
        Assert.Contains("prompt 1 has a reward that is not a number", Assert.Throws<AlidadeException>(() => OnlinePairs.Of([1, double.NaN], [1, 2])).Message, StringComparison.Ordinal);
        Assert.Contains("prompt 0 has a reward that is not a number", Assert.Throws<AlidadeException>(() => OnlinePairs.Of([1, 2], [double.NaN, 2])).Message, StringComparison.Ordinal);
        Assert.Contains("1 first samples and 2 second samples", Assert.Throws<AlidadeException>(() => OnlinePairs.Of([1], [1, 2])).Message, StringComparison.Ordinal);
    }
}
