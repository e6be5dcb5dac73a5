using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Ratings;

namespace Alidade.Tests.Core.Statistics;

public sealed class RatingTests
{
    private static readonly string[] Names = ["a", "b", "c", "d"];
    private static readonly double[] Truth = [0.9, 0.3, -0.3, -0.9];

    private static Battle[] Draw(int count, ulong seed)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var first = random.NextInt(4);
            var second = (first + 1 + random.NextInt(3)) % 4;
            var wins = random.NextDouble() < 1 / (1 + Math.Exp(Truth[second] - Truth[first]));
            return new Battle(Names[first], Names[second], wins ? BattleOutcome.First : BattleOutcome.Second);
        })];
    }

    [Fact]
    public void Bradley_Terry_finds_the_strengths_within_its_standard_errors()
    {
        var fit = BradleyTerry.Fit(Draw(4_000, 31));
        foreach (var (i, name) in Names.Index().Skip(1))
        {
            var interval = fit.Difference("a", name, 0.999);
            Assert.InRange(Truth[0] - Truth[i], interval.Low, interval.High);
        }

        Assert.Equal(0, fit.Strengths.Sum(), 10);
    }

    [Fact]
    public void Bootstrap_intervals_are_as_wide_as_the_information_says()
    {
        var battles = Draw(600, 32);
        var bootstrap = RatingBootstrap.Of(battles, b => BradleyTerry.Fit(b).OnEloScale(), seed: 1, resamples: 400);
        var fit = BradleyTerry.Fit(battles);
        foreach (var (i, name) in Names.Index())
        {
            var expected = 2 * 1.96 * Math.Sqrt(fit.Covariance[i][i]) * 400 / Math.Log(10);
            Assert.InRange((bootstrap.Intervals[name].High - bootstrap.Intervals[name].Low) / expected, 0.8, 1.25);
        }

        Assert.Equal((400, 0), (bootstrap.Resamples, bootstrap.Unrated));
    }

    [Fact]
    public void Resamples_that_cannot_be_rated_are_counted()
    {
        // The one loss of the best player is missing from about a third of the resamples.
        Battle[] battles = [.. Enumerable.Repeat(new Battle("a", "b", BattleOutcome.First), 20), new("a", "b", BattleOutcome.Second)];
        var bootstrap = RatingBootstrap.Of(battles, b => BradleyTerry.Fit(b).OnEloScale(), seed: 2, resamples: 300);
        Assert.InRange(bootstrap.Unrated, 70, 150);
        Assert.Equal(300, bootstrap.Resamples + bootstrap.Unrated);
        Assert.Contains($"{bootstrap.Unrated} more not rated", bootstrap.Intervals["a"].Method, StringComparison.Ordinal);
    }

    [Fact]
    public void Players_who_cannot_be_compared_are_named()
    {
        Battle[] apart = [new("a", "b", BattleOutcome.Tie), new("c", "d", BattleOutcome.Tie)];
        Assert.Equal(
            "no finite ratings: 'a', 'b' never won or drew against 'c', 'd'; leave one side out, or collect comparisons between them",
            Assert.Throws<AlidadeException>(() => BradleyTerry.Fit(apart)).Message);
        Assert.Throws<AlidadeException>(() => PlackettLuce.Fit([["a", "b", "c"], ["a", "c", "b"]]));
    }

    [Fact]
    public void Style_control_takes_out_what_length_alone_explains()
    {
        // All players are equal; the longer answer wins more often, and "a" writes long ones.
        var random = new SeededRandom(33);
        List<Battle> battles = [];
        List<double[]> first = [], second = [];
        for (var i = 0; i < 3_000; i++)
        {
            double a = 100 + (200 * random.NextDouble()), b = 50 + (200 * random.NextDouble());
            var wins = random.NextDouble() < 1 / (1 + Math.Exp(-3 * (a - b) / (a + b + 1)));
            battles.Add(new("a", random.NextInt(2) == 0 ? "b" : "c", wins ? BattleOutcome.First : BattleOutcome.Second));
            first.Add([a]);
            second.Add([b]);
        }

        // "b" and "c" must have met for nothing here: both met "a".
        var plain = BradleyTerry.Fit(battles);
        Assert.True(plain.Strengths[0] - plain.Strengths[1] > 0.4);
        var controlled = StyleControl.Fit(battles, first, second);
        Assert.True(controlled.StyleCoefficients[0] > 0.5);
        // What is left is the mean of the standardised feature, which belongs to every comparison of "a".
        Assert.Throws<AlidadeException>(() => StyleControl.Fit(battles, [.. first.Select(_ => new[] { 5.0 })], [.. first.Select(_ => new[] { 5.0 })]));
    }

    [Fact]
    public void Elo_and_TrueSkill_prefer_the_stronger_and_Elo_keeps_its_sum()
    {
        var battles = Draw(2_000, 34);
        var elo = new Elo().Rate(battles);
        Assert.Equal(4_000, elo.Values.Sum(), 6);
        Assert.Equal(Names, elo.OrderByDescending(r => r.Value).Select(r => r.Key));
        Assert.Equal(Names, new TrueSkill().Rate(battles).OrderByDescending(r => r.Value.Mean).Select(r => r.Key));
        // A win that cannot be told by doubles any more still moves both.
        var (winner, loser) = new TrueSkill().Update(new(-400, 1), new(400, 1), BattleOutcome.First);
        Assert.True(winner.Mean > -400 && loser.Mean < 400 && winner.Deviation > 0);
    }

    [Fact]
    public void Plackett_Luce_of_pairs_is_Bradley_Terry()
    {
        var battles = Draw(200, 35);
        var pairs = PlackettLuce.Fit([.. battles.Select(b => b.Outcome == BattleOutcome.First ? new[] { b.First, b.Second } : [b.Second, b.First])]);
        foreach (var (one, other) in pairs.Strengths.Zip(BradleyTerry.Fit(battles).Strengths))
            Assert.Equal(one, other, 9);
    }
}
