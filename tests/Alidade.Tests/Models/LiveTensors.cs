using static TorchSharp.torch;

namespace Alidade.Tests.Models;

/// <summary>Counts tensors for tests of leaks.</summary>
internal static class LiveTensors
{
    /// <summary>The number alive, to begin a count with: what earlier tests left to the collector is freed first, so that it cannot vanish while the count goes on.</summary>
    public static long Settled()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }
}
