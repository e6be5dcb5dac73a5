using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>The binomial test of k successes in n draws; with probability ½ it is the sign test of paired differences.</summary>
public static class BinomialTest
{
    /// <summary>
    /// Two-sided p: the sum of the probabilities of all outcomes that are not likelier than k (up to a relative 1e-7, so that rounding does not part equals).
    /// </summary>
    /// <param name="successes">k.</param>
    /// <param name="count">n.</param>
    /// <param name="probability">Probability under the hypothesis.</param>
    public static double TwoSidedP(int successes, int count, double probability = 0.5)
    {
        var binomial = new Binomial(count, probability);
        var limit = binomial.Density(successes) * (1 + 1e-7);
        var sum = new CompensatedSum();
        for (var k = 0; k <= count; k++)
            if (binomial.Density(k) is var mass && mass <= limit)
                sum.Add(mass);
        return Math.Min(1, sum.Total);
    }

    /// <summary>P(K ≤ k): small when there are too few successes.</summary>
    /// <param name="successes">k.</param>
    /// <param name="count">n.</param>
    /// <param name="probability">Probability under the hypothesis.</param>
    public static double LessP(int successes, int count, double probability = 0.5) => new Binomial(count, probability).Cdf(successes);

    /// <summary>P(K ≥ k): small when there are too many successes.</summary>
    /// <param name="successes">k.</param>
    /// <param name="count">n.</param>
    /// <param name="probability">Probability under the hypothesis.</param>
    public static double GreaterP(int successes, int count, double probability = 0.5) => new Binomial(count, probability).UpperTail(successes - 1);
}
