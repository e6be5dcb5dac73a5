using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Benchmarks;

/// <summary>The yardstick: [m, k] × [k, n] in float32, the rate that this machine reaches at this moment.</summary>
internal sealed class MatrixProduct : IDisposable
{
    private readonly Tensor left;
    private readonly Tensor right;
    private readonly int times;

    public MatrixProduct(long m, long k, long n)
    {
        (left, right) = (randn(m, k), randn(k, n));
        Name = $"[{m},{k}]x[{k},{n}]";
        Flops = 2.0 * m * k * n;
        // About 34 GFLOP a measurement: a third of a second or so, long enough for the clock and short enough to interleave.
        times = Math.Max(1, (int)(3.4e10 / Flops));
    }

    public string Name { get; }

    private double Flops { get; }

    /// <summary>Operations a second, measured now.</summary>
    public double Rate()
    {
        var seconds = Clock.Time(() =>
        {
            for (var i = 0; i < times; i++)
                left.mm(right).Dispose();
        });
        return times * Flops / seconds;
    }

    public void Dispose()
    {
        left.Dispose();
        right.Dispose();
    }
}
