using Alidade.Core.Statistics;

namespace Alidade.Tests.Core.Statistics;

public sealed class ResamplingTests
{
    [Fact]
    public void BCa_covers_a_skewed_mean_better_than_the_percentile_interval()
    {
        var random = new SeededRandom(21);
        int percentile = 0, bca = 0;
        const int Runs = 400;
        for (var run = 0; run < Runs; run++)
        {
            double[] x = [.. Enumerable.Range(0, 20).Select(_ => -Math.Log(1 - random.NextDouble()))];
            var bootstrap = Bootstrap.OfMean(x, (ulong)run, 600);
            percentile += bootstrap.Percentile() is var p && p.Low <= 1 && 1 <= p.High ? 1 : 0;
            bca += BcaInterval.Of(bootstrap, Bootstrap.LeaveOneOut(x.Length, Bootstrap.MeanOf(x)))!.Interval is var b && b.Low <= 1 && 1 <= b.High ? 1 : 0;
        }

        Assert.True(bca > percentile, $"BCa covers {bca}, percentile {percentile} of {Runs}");
        Assert.InRange(bca / (double)Runs, 0.88, 0.98);
    }

    [Fact]
    public void Where_nothing_varies_there_is_no_BCa_interval()
    {
        double[] x = [2, 2, 2, 2];
        Assert.Null(BcaInterval.Of(Bootstrap.OfMean(x, 1, 100), Bootstrap.LeaveOneOut(4, Bootstrap.MeanOf(x))));
    }

    [Fact]
    public void The_harness_drops_a_remainder_and_the_result_says_so()
    {
        var result = HarnessBootstrap.Of(3, draw => draw.Average(), 2_500);
        Assert.Equal(2_000, result.Replicates.Count);
        Assert.Equal("2,000 resamples as drawn by lm-evaluation-harness (2,500 asked for)", result.Draws);
    }

    [Fact]
    public void Drawn_permutations_come_near_to_all_of_them_and_never_give_0()
    {
        double[] first = [3.1, 2.2, 4.8, 5.9, 3.3, 4.1], second = [2.0, 1.1, 3.9, 2.7, 3.2];
        double[] differences = [0.4, 1.9, -0.3, 0.8, 1.2, -0.1, 0.9, 0.2];
        Assert.Equal(PermutationTest.Independent(first, second).P, PermutationTest.IndependentDrawn(first, second, 1, 20_000).P, 0.012);
        Assert.Equal(PermutationTest.Paired(differences).P, PermutationTest.PairedDrawn(differences, 1, 20_000).P, 0.012);
        Assert.True(PermutationTest.PairedDrawn([.. Enumerable.Repeat(1.0, 60)], 1, 100).P > 0);
        Assert.Throws<ArgumentException>(() => PermutationTest.Paired(new double[25]));
    }

    [Fact]
    public void Rank_tests_are_permutation_tests_of_the_ranks()
    {
        double[] first = [0.3, 1.7, 2.9, 4.4, 0.1, 3.8], second = [2.5, 5.1, 4.9, 6.3, 3.0];
        var ranks = Ranks.Mid([.. first, .. second]);
        Assert.Equal(PermutationTest.Independent(ranks[..6], ranks[6..]).DoubledP, MannWhitneyTest.Of(first, second).ExactP!.Value, 12);
        double[] differences = [0.5, -1.5, 2.5, 3.5, 4.5, -0.7, 1.1];
        double[] signed = [.. Ranks.Mid([.. differences.Select(Math.Abs)]).Zip(differences, (r, d) => r * Math.Sign(d))];
        Assert.Equal(PermutationTest.Paired(signed).DoubledP, WilcoxonTest.Of(differences).ExactP!.Value, 12);
        Assert.Null(WilcoxonTest.Of([1, 1, -2]).ExactP);
        Assert.Null(MannWhitneyTest.Of([1, 2], [2, 3]).ExactP);
    }

    [Fact]
    public void Kolmogorov_Smirnov_tails_meet_where_the_two_ways_to_compute_them_meet()
    {
        // n·d² just below and just above 4.
        foreach (var n in new[] { 20, 100, 400 })
        {
            double below = Math.Sqrt(3.999999 / n), above = Math.Sqrt(4.000001 / n);
            var ratio = KolmogorovSmirnovTest.OneSampleUpperTail(n, below) / KolmogorovSmirnovTest.OneSampleUpperTail(n, above);
            Assert.InRange(ratio, 1, 1.0001);
        }

        // The last n by the matrix and the first by the limit.
        foreach (var d in new[] { 0.008, 0.015, 0.025 })
            Assert.InRange(KolmogorovSmirnovTest.OneSampleUpperTail(4_001, d) / KolmogorovSmirnovTest.OneSampleUpperTail(4_000, d), 0.9985, 1.0001);

        // n = 1: D = max(u, 1 − u).
        Assert.Equal(0.4, KolmogorovSmirnovTest.OneSampleUpperTail(1, 0.8), 12);
    }

    [Fact]
    public void Pass_at_k_is_the_share_of_draws_with_a_success()
    {
        double[] scores = [1, 0, 0, 1, 0];
        var draws = (from a in Enumerable.Range(0, 5) from b in Enumerable.Range(a + 1, 4 - a) select (scores[a], scores[b])).ToArray();
        Assert.Equal(draws.Average(d => Math.Max(d.Item1, d.Item2)), Epochs.PassAt(scores, 2), 14);
        Assert.Equal(draws.Average(d => Math.Min(d.Item1, d.Item2)), Epochs.PassAll(scores, 2), 14);
        Assert.Throws<ArgumentOutOfRangeException>(() => Epochs.PassAt(scores, 6));
        Assert.Null(Epochs.Grade("maybe"));
    }
}
