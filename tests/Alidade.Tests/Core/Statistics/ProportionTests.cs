using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Distributions;

namespace Alidade.Tests.Core.Statistics;

public sealed class ProportionTests
{
    [Theory]
    [InlineData(56, 70, 48, 80, 0.95)]
    [InlineData(9, 10, 3, 10, 0.9)]
    [InlineData(5, 56, 1, 29, 0.99)]
    public void The_ends_of_the_score_interval_solve_Miettinen_and_Nurminens_equation(int k1, int n1, int k2, int n2, double level)
    {
        var shares = new IndependentProportions(k1, n1, k2, n2);
        var interval = shares.MiettinenNurminen(level);
        foreach (var end in new[] { interval.Low, interval.High })
        {
            // The likeliest shares that differ by the end, by search instead of by their cubic.
            double LogLikelihood(double p) =>
                (k1 * Math.Log(p + end)) + ((n1 - k1) * Math.Log(1 - p - end)) + (k2 * Math.Log(p)) + ((n2 - k2) * Math.Log(1 - p));
            double low = Math.Max(0, -end), high = Math.Min(1, 1 - end);
            for (var i = 0; i < 200; i++)
            {
                double left = low + ((high - low) / 3), right = high - ((high - low) / 3);
                (low, high) = LogLikelihood(left) < LogLikelihood(right) ? (left, high) : (low, right);
            }

            double second = low, first = low + end, n = n1 + n2;
            var variance = ((first * (1 - first) / n1) + (second * (1 - second) / n2)) * n / (n - 1);
            Assert.Equal(Normal.TwoSided(level), Math.Abs(shares.Difference - end) / Math.Sqrt(variance), 6);
        }
    }

    [Fact]
    public void Swapping_the_sides_turns_intervals_of_a_difference_around()
    {
        var (there, back) = (new IndependentProportions(7, 20, 15, 31), new IndependentProportions(15, 31, 7, 20));
        foreach (var (a, b) in new[] { (there.Newcombe(), back.Newcombe()), (there.MiettinenNurminen(), back.MiettinenNurminen()), (there.AgrestiCaffo(), back.AgrestiCaffo()) })
        {
            Assert.Equal(a.Low, -b.High, 10);
            Assert.Equal(a.High, -b.Low, 10);
        }

        Assert.Equal(there.FisherP(), back.FisherP(), 12);
    }

    [Fact]
    public void The_exact_interval_never_covers_less_than_its_level_and_Wald_does()
    {
        // Exact coverage at share p: the chance of all k whose interval holds p.
        static double Coverage(Func<int, int, double, Alidade.Core.Results.Interval> interval, double p)
        {
            var binomial = new Binomial(25, p);
            return Enumerable.Range(0, 26).Where(k => interval(k, 25, 0.95) is var i && i.Low <= p && p <= i.High).Sum(k => binomial.Density(k));
        }

        double[] shares = [.. Enumerable.Range(1, 99).Select(i => i / 100.0)];
        Assert.All(shares, p => Assert.True(Coverage(Proportion.ClopperPearson, p) >= 0.95));
        Assert.Contains(shares, p => Coverage(Proportion.Wald, p) < 0.7);
        Assert.InRange(shares.Average(p => Coverage(Proportion.Wilson, p)), 0.945, 0.965);
    }
}
