using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Benchmarks;

/// <summary>The yardstick: [m, k] × [k, n] in float32, the rate that this machine reaches at this moment.</summary>
internal sealed class MatrixProduct
{
    private readonly (long M, long K, long N) shape;
    private readonly int times;

    public MatrixProduct(long m, long k, long n)
    {
        shape = (m, k, n);
        Name = $"[{m},{k}]x[{k},{n}]";
        Flops = 2.0 * m * k * n;
        // About 34 GFLOP a measurement: a third of a second or so, long enough for the clock and short enough to interleave.
        times = Math.Max(1, (int)(3.4e10 / Flops));
    }

    public string Name { get; }

    private double Flops { get; }

    /// <summary>Operations a second, measured now; the matrices are there only then, so that they count nothing to the memory of what is measured.</summary>
    public double Rate()
    {
        using var left = randn(shape.M, shape.K);
        using var right = randn(shape.K, shape.N);
        var seconds = Clock.Time(() =>
        {
            for (var i = 0; i < times; i++)
                left.mm(right).Dispose();
        });
        return times * Flops / seconds;
    }
}
