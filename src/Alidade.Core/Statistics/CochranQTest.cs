using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>Cochran's Q: do k systems solve the same items equally often? With two systems it is McNemar's χ².</summary>
/// <param name="Q">k(k − 1)·Σ(Cⱼ − C̄)² / (k·N − Σ Rᵢ²), C the successes of a system, R those of an item, N all; NaN when no item tells systems apart.</param>
/// <param name="P">By χ² with k − 1 degrees of freedom.</param>
/// <param name="Degrees">k − 1.</param>
/// <param name="Count">Items.</param>
/// <remarks>Cochran 1950.</remarks>
public sealed record CochranQTest(double Q, double P, int Degrees, int Count)
{
    /// <summary>The test.</summary>
    /// <param name="successes">One list an item, with one entry a system.</param>
    /// <exception cref="ArgumentException">There are fewer than two systems, or the lists differ in length.</exception>
    public static CochranQTest Of(IReadOnlyList<IReadOnlyList<bool>> successes)
    {
        var systems = successes.Count == 0 ? 0 : successes[0].Count;
        if (systems < 2 || successes.Any(s => s.Count != systems))
            throw new ArgumentException("every item needs an outcome of the same systems, two or more", nameof(successes));
        double[] columns = [.. Enumerable.Range(0, systems).Select(j => (double)successes.Count(s => s[j]))];
        var mean = columns.Average();
        var spread = (systems * columns.Sum()) - successes.Sum(s => Math.Pow(s.Count(won => won), 2));
        var q = systems * (systems - 1) * columns.Sum(c => (c - mean) * (c - mean)) / spread;
        return new CochranQTest(q, new ChiSquared(systems - 1).UpperTail(q), systems - 1, successes.Count);
    }
}
