using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Power;

namespace Alidade.Tests.Core.Statistics;

public sealed class PowerTests
{
    private const int Runs = 6_000;

    // Four standard errors of a share of so many runs.
    private const double Slack = 4 * 0.5 / 77.46;

    [Theory]
    [InlineData(0.4, 30)]
    [InlineData(0.9, 8)]
    public void Paired_power_is_how_often_a_paired_t_test_rejects(double effect, int pairs)
    {
        var random = new SeededRandom(7);
        var rejected = Enumerable.Range(0, Runs).Count(_ => TTest.Paired([.. Enumerable.Range(0, pairs).Select(_ => effect + random.NextNormal())]).P <= 0.05);
        Assert.InRange(MeanPower.Paired(effect, pairs), (rejected / (double)Runs) - Slack, (rejected / (double)Runs) + Slack);
    }

    [Fact]
    public void Unpaired_power_is_how_often_an_unpaired_t_test_rejects()
    {
        var random = new SeededRandom(8);
        double[] Draw(double mean) => [.. Enumerable.Range(0, 25).Select(_ => mean + random.NextNormal())];
        var rejected = Enumerable.Range(0, Runs).Count(_ => TTest.Unpaired(Draw(0.7), Draw(0)).P <= 0.05);
        Assert.InRange(MeanPower.Unpaired(0.7, 25), (rejected / (double)Runs) - Slack, (rejected / (double)Runs) + Slack);
    }

    [Fact]
    public void Exact_paired_power_is_how_often_McNemars_exact_test_rejects()
    {
        var random = new SeededRandom(9);
        var rejected = Enumerable.Range(0, Runs).Count(_ =>
        {
            int first = 0, second = 0;
            for (var i = 0; i < 60; i++)
                switch (random.NextDouble())
                {
                    case < 0.25:
                        first++;
                        break;
                    case < 0.32:
                        second++;
                        break;
                }

            return McNemar.ExactP(first, second) <= 0.05;
        });
        Assert.InRange(PairedProportionPower.Exact(0.25, 0.07, 60), (rejected / (double)Runs) - Slack, (rejected / (double)Runs) + Slack);
    }

    [Fact]
    public void The_number_found_has_the_power_asked_for_and_one_less_has_not()
    {
        var size = MeanPower.PairsFor(0.3, 0.9, 0.01);
        Assert.True(MeanPower.Paired(0.3, size.Count, 0.01) >= 0.9);
        Assert.True(MeanPower.Paired(0.3, size.Count - 1, 0.01) < 0.9);
    }

    [Fact]
    public void Questions_and_least_difference_are_each_others_inverse()
    {
        var evaluation = new EvaluationPower(0.1, 0.2, 0.15, 3, 5);
        Assert.Equal(0.04, evaluation.LeastDifference(evaluation.Questions(0.04).Exact), 12);
    }

    [Fact]
    public void No_difference_needs_no_number_but_an_error()
    {
        Assert.Throws<ArgumentException>(() => MeanPower.PairsFor(0));
        Assert.Throws<ArgumentException>(() => ProportionPower.PerGroupPooled(0.3, 0.3));
        Assert.Throws<ArgumentOutOfRangeException>(() => MeanPower.PairsFor(0.5, power: 1));
    }
}
