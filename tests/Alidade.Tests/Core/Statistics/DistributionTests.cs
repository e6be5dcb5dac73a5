using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Distributions;

namespace Alidade.Tests.Core.Statistics;

public sealed class DistributionTests
{
    private static IEnumerable<IDistribution> Drawn(SeededRandom random)
    {
        double Size() => Math.Exp((random.NextDouble() * 10) - 1.5);
        yield return Normal.Standard;
        for (var i = 0; i < 25; i++)
        {
            yield return new StudentT(Size());
            yield return new ChiSquared(Size());
            yield return new FisherF(Size(), Size());
            yield return new Beta(Size(), Size());
        }
    }

    [Fact]
    public void A_quantile_has_its_probability_in_either_tail()
    {
        var random = new SeededRandom(11);
        foreach (var distribution in Drawn(random))
            foreach (var p in new[] { 1e-200, 1e-30, 1e-6, 0.01, 0.3, 0.5, 0.77, 0.999, 1 - 1e-9 })
            {
                var x = distribution.Quantile(p);
                // Beyond doubles, or beyond their squares.
                if (x is 0 or 1 || Math.Abs(x) > 1e150)
                    continue;
                var (actual, expected) = p <= 0.5 ? (distribution.Cdf(x), p) : (distribution.UpperTail(x), 1 - p);
                // x itself is rounded: what that does to the tail is density·x·2⁻⁵³ relative to the tail, large for sharp peaks.
                var slack = 1e-11 + (4e-16 * Math.Abs(x) * distribution.Density(x) / expected);
                Assert.True(Math.Abs((actual / expected) - 1) < slack, $"{distribution} at p = {p}: {actual} instead of {expected}");
            }
    }

    [Fact]
    public void Tails_add_up_to_one_and_the_density_is_the_slope()
    {
        foreach (var distribution in Drawn(new SeededRandom(12)))
            foreach (var p in new[] { 0.1, 0.5, 0.9 })
            {
                var x = distribution.Quantile(p);
                Assert.Equal(1, distribution.Cdf(x) + distribution.UpperTail(x), 12);
                var edge = distribution is Beta ? Math.Min(x, 1 - x) : x == 0 ? 1 : Math.Abs(x);
                var step = 1e-4 * Math.Min(edge, distribution.Quantile(0.6) - distribution.Quantile(0.4));
                var slope = (distribution.Cdf(x + step) - distribution.Cdf(x - step)) / (2 * step);
                Assert.True(Math.Abs((slope / distribution.Density(x)) - 1) < 1e-5, $"{distribution} at {x}: slope {slope}, density {distribution.Density(x)}");
            }
    }

    [Fact]
    public void Binomial_tails_are_the_sums_of_their_probabilities()
    {
        var binomial = new Binomial(40, 0.3);
        for (var k = -1; k <= 41; k++)
        {
            Assert.Equal(Enumerable.Range(0, Math.Max(0, k + 1)).Sum(i => binomial.Density(i)), binomial.Cdf(k), 13);
            Assert.Equal(1 - binomial.Cdf(k), binomial.UpperTail(k), 13);
        }

        Assert.Equal(1, new Binomial(0, 0.3).Density(0));
        Assert.Equal((1, 0), (new Binomial(5, 0).Density(0), new Binomial(5, 0).Density(1)));
        Assert.Equal(1, new Binomial(5, 1).Density(5));
    }

    [Fact]
    public void Without_a_shift_the_noncentral_t_is_Students_and_with_endless_degrees_it_is_normal()
    {
        foreach (var t in new[] { -3.0, -0.5, 0.0, 1.7, 6.0 })
        {
            Assert.Equal(new StudentT(7.5).Cdf(t), new NoncentralT(7.5, 0).Cdf(t), 13);
            Assert.Equal(new StudentT(1).UpperTail(t), new NoncentralT(1, 0).UpperTail(t), 12);
            Assert.Equal(Normal.Standard.UpperTail(t - 45), new NoncentralT(1e10, 45).UpperTail(t), 6);
        }
    }

    [Fact]
    public void A_probability_outside_of_0_and_1_has_no_quantile()
    {
        foreach (var p in new[] { 0, 1, -0.1, double.NaN })
            Assert.Throws<ArgumentOutOfRangeException>(() => new StudentT(3).Quantile(p));
    }
}
