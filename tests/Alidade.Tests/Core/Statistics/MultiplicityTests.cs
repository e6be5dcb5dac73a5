using Alidade.Core.Statistics;

namespace Alidade.Tests.Core.Statistics;

public sealed class MultiplicityTests
{
    [Fact]
    public void Methods_stand_in_their_known_order_and_keep_the_order_of_the_tests()
    {
        var random = new SeededRandom(3);
        for (var run = 0; run < 200; run++)
        {
            double[] p = [.. Enumerable.Range(0, 1 + random.NextInt(12)).Select(_ => Math.Pow(random.NextDouble(), 3))];
            AtMost(Multiplicity.Holm(p), Multiplicity.Bonferroni(p));
            AtMost(Multiplicity.HolmSidak(p), Multiplicity.Sidak(p));
            AtMost(Multiplicity.Sidak(p), Multiplicity.Bonferroni(p));
            AtMost(Multiplicity.Hochberg(p), Multiplicity.Holm(p));
            AtMost(Multiplicity.Hommel(p), Multiplicity.Hochberg(p));
            AtMost(Multiplicity.BenjaminiHochberg(p), Multiplicity.Hommel(p));
            AtMost(Multiplicity.BenjaminiHochberg(p), Multiplicity.BenjaminiYekutieli(p));
            foreach (var method in new Func<IReadOnlyList<double>, double[]>[] { Multiplicity.Holm, Multiplicity.Hommel, Multiplicity.BenjaminiYekutieli })
            {
                var adjusted = method(p);
                AtMost(p, adjusted);
                Assert.All(adjusted, a => Assert.InRange(a, 0, 1));
                var sorted = p.Index().OrderBy(v => v.Item).Select(v => adjusted[v.Index]).ToArray();
                AtMost(sorted.SkipLast(1), sorted.Skip(1));
            }
        }
    }

    [Fact]
    public void Under_no_effect_Holm_rejects_anything_no_more_often_than_its_level()
    {
        var random = new SeededRandom(4);
        const int Runs = 4_000;
        var any = Enumerable.Range(0, Runs).Count(_ => Multiplicity.Holm([.. Enumerable.Range(0, 8).Select(_ => random.NextDouble())]).Any(a => a <= 0.05));
        Assert.InRange(any / (double)Runs, 0.03, 0.05 + (3 * Math.Sqrt(0.05 * 0.95 / Runs)));
    }

    [Fact]
    public void What_is_no_p_value_is_refused() =>
        Assert.Contains("NaN is no p-value", Assert.Throws<ArgumentException>(() => Multiplicity.Holm([0.1, double.NaN])).Message, StringComparison.Ordinal);

    private static void AtMost(IEnumerable<double> lower, IEnumerable<double> upper) =>
        Assert.All(lower.Zip(upper), pair => Assert.True(pair.First <= pair.Second + 1e-12, $"{pair.First} is over {pair.Second}"));
}
