using MathNet.Numerics.LinearAlgebra;

namespace Alidade.Core.Statistics;

/// <summary>The Kolmogorov–Smirnov test of two samples: D, the largest distance between their distribution functions.</summary>
/// <param name="D">The statistic.</param>
/// <param name="FirstCount">n.</param>
/// <param name="SecondCount">m.</param>
/// <remarks>Smirnov 1939.</remarks>
public sealed record KolmogorovSmirnovTest(double D, int FirstCount, int SecondCount)
{
    /// <summary>Two-sided p, by the exact distribution of one sample of size nm/(n + m), rounded: scipy's <c>ks_2samp(method="asymp")</c>.</summary>
    public double P => OneSampleUpperTail((int)Math.Round((double)FirstCount * SecondCount / (FirstCount + SecondCount), MidpointRounding.ToEven), D);

    /// <summary>The test.</summary>
    /// <exception cref="ArgumentException">A sample is empty.</exception>
    public static KolmogorovSmirnovTest Of(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (first.Count == 0 || second.Count == 0)
            throw new ArgumentException($"two samples are compared; they hold {first.Count} and {second.Count} values", nameof(first));
        double[] a = [.. first.Order()], b = [.. second.Order()];
        var largest = 0.0;
        for (int i = 0, j = 0; i < a.Length && j < b.Length;)
        {
            var at = Math.Min(a[i], b[j]);
            while (i < a.Length && a[i] <= at)
                i++;
            while (j < b.Length && b[j] <= at)
                j++;
            largest = Math.Max(largest, Math.Abs(((double)i / a.Length) - ((double)j / b.Length)));
        }

        return new KolmogorovSmirnovTest(largest, first.Count, second.Count);
    }

    /// <summary>P(D_n ≥ d) for one sample of n values.</summary>
    /// <remarks>For n·d² ≤ 4 the matrix power of Marsaglia, Tsang and Wang 2003; above it twice the one-sided tail, which is off by less than a relative 1e-13
    /// there (Simard and L'Ecuyer 2011).</remarks>
    internal static double OneSampleUpperTail(int n, double d)
    {
        if (n < 1 || d * n <= 0.5)
            return 1;
        return d >= 1 ? 0 : n * d * d > 4 ? Math.Min(1, 2 * OneSidedUpperTail(n, d)) : 1 - MatrixCdf(n, d);
    }

    // Birnbaum and Tingey 1951: d·Σ_j C(n, j)·(d + j/n)^(j − 1)·(1 − d − j/n)^(n − j).
    private static double OneSidedUpperTail(int n, double d)
    {
        var sum = new CompensatedSum();
        for (var j = 0; j <= n * (1 - d); j++)
        {
            double p = d + ((double)j / n), q = 1 - p;
            if (q > 0 || j == n)
                sum.Add(new Distributions.Binomial(n, Math.Min(1, p)).Density(j) / p);
        }

        return d * sum.Total;
    }

    private static double MatrixCdf(int n, double d)
    {
        var k = (int)Math.Ceiling(n * d);
        var size = (2 * k) - 1;
        var h = k - (n * d);
        var matrix = Matrix<double>.Build.Dense(size, size, (i, j) => i - j + 1 < 0 ? 0 : 1);
        for (var i = 0; i < size; i++)
        {
            matrix[i, 0] -= Math.Pow(h, i + 1);
            matrix[size - 1, i] -= Math.Pow(h, size - i);
        }

        matrix[size - 1, 0] += (2 * h) - 1 > 0 ? Math.Pow((2 * h) - 1, size) : 0;
        for (var i = 0; i < size; i++)
            for (var j = 0; j < size; j++)
                for (var g = 1; g <= i - j + 1; g++)
                    matrix[i, j] /= g;
        // n!/nⁿ is worked in factor by factor, so that nothing overflows.
        var column = Vector<double>.Build.Dense(size, i => i == k - 1 ? 1 : 0);
        for (var i = 1; i <= n; i++)
            column = matrix * column * ((double)i / n);
        return column[k - 1];
    }
}
