using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Tests.Models;
using Alidade.Tests.Training.Rewards;
using Alidade.Training.Loops;
using Alidade.Training.Rewards;

namespace Alidade.Tests.Training.Loops;

public sealed class BestOfNCurveTests
{
    private static RewardScore[] Scores(params double[] values) => [.. values.Select(RewardScore.Of)];

    [Fact]
    public void The_expected_score_of_the_proxys_choice_is_the_mean_over_all_choices()
    {
        double[] proxy = [0.3, -1, 2, 0.7, 1.1], gold = [5, 1, -2, 4, 0];
        for (var n = 1; n <= 5; n++)
        {
            var chosen = Enumerable.Range(0, 1 << 5).Where(s => System.Numerics.BitOperations.PopCount((uint)s) == n)
                .Select(s => gold[Enumerable.Range(0, 5).Where(i => (s & (1 << i)) != 0).MaxBy(i => proxy[i])]);
            Assert.Equal(chosen.Average(), BestOfNCurve.ExpectedOfBest(Scores(proxy), Scores(gold), n), 1e-12);
        }
    }

    [Fact]
    public void A_proxy_that_is_gold_opens_the_gate_and_one_that_turns_against_gold_shuts_it()
    {
        var random = new SeededRandom(1);
        double[][] proxy = [.. Enumerable.Range(0, 60).Select(_ => Enumerable.Range(0, 64).Select(_ => random.NextNormal()).ToArray())];
        RewardScore[][] scores = [.. proxy.Select(p => Scores(p))];
        var good = BestOfNCurve.Of(scores, scores);
        Assert.Null(good.Failure);
        Assert.Equal(64, good.Best);
        Assert.Equal([1, 2, 4, 8, 16, 32, 64], good.Points.Select(p => p.N));

        // Gold follows the proxy up to 1 and falls beyond: the classic over-optimisation.
        RewardScore[][] gold = [.. proxy.Select(p => Scores([.. p.Select(v => v < 1 ? v : 2 - v - (v * v))]))];
        var bad = BestOfNCurve.Of(scores, gold);
        Assert.InRange(bad.Best, 2, 32);
        Assert.Contains("over-optimised", bad.Failure, StringComparison.Ordinal);
        Assert.True(bad.Law!.PeakDistance < bad.Points[^1].Distance);
        Assert.True(bad.Points.Zip(bad.Points.Skip(1)).All(p => p.Second.Proxy.Value > p.First.Proxy.Value));
    }

    [Fact]
    public void Prompts_with_an_unscored_answer_are_counted()
    {
        RewardScore[] whole = Scores(1, 2), half = [RewardScore.Of(1), RewardScore.None("no reply")];
        var curve = BestOfNCurve.Of([whole, whole, half], [whole, whole, whole]);
        Assert.Equal(2, curve.Prompts);
        Assert.Equal(1, Assert.Single(curve.LeftOut).Value);
        Assert.Null(curve.Law);
        Assert.Throws<AlidadeException>(() => BestOfNCurve.Of([whole, half], [whole, whole]));
    }

    [Fact]
    public async Task A_model_is_measured()
    {
        using var model = TinyChat.Create();
        var study = new BestOfNCurve
        {
            Model = model,
            Proxy = new ContainsText { Text = "a" },
            Gold = new ContainsText { Text = "a" },
            Sampling = new() { Answers = 16, Generation = new() { Temperature = 1, MaxNewTokens = 4 } },
        };
        var curve = await study.MeasureAsync([.. Enumerable.Range(0, 12).Select(i => Asked.Text($"p {i}"))], TestContext.Current.CancellationToken);
        Assert.True(curve.Points[^1].Gold.Value > curve.Points[0].Gold.Value);
        Assert.Null(curve.Failure);
    }
}
