using System.Diagnostics;

namespace Alidade.Benchmarks;

/// <summary>Wall time.</summary>
internal static class Clock
{
    /// <summary>Seconds that <paramref name="run"/> takes.</summary>
    public static double Time(Action run)
    {
        var start = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
