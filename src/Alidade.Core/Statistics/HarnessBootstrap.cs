using System.Globalization;

namespace Alidade.Core.Statistics;

/// <summary>
/// The bootstrap of lm-evaluation-harness, draw by draw, for numbers that must equal its own: chunks of at most 1,000 resamples, chunk i drawn by
/// <c>random.Random(i).choices</c>. Its standard error is <see cref="BootstrapResult.StandardError"/>.
/// </summary>
/// <remarks><c>lm_eval.api.metrics.bootstrap_stderr</c>. A remainder of the iterations is dropped there, so 2,500 give 2,000 replicates; the draws say so. Its
/// <c>median</c> is the upper of the two middle values.</remarks>
public static class HarnessBootstrap
{
    private const int Chunk = 1_000;

    /// <summary>The bootstrap of any statistic.</summary>
    /// <param name="units">How many items there are.</param>
    /// <param name="statistic">The statistic of the items with these numbers (each 0 … units − 1, with repeats).</param>
    /// <param name="iterations">Resamples asked for; the harness takes 100,000, and 100 for slow metrics.</param>
    public static BootstrapResult Of(int units, Func<int[], double> statistic, int iterations = 100_000)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(units);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(iterations);
        var chunk = Math.Min(Chunk, iterations);
        var chunks = iterations / chunk;
        var described = string.Create(CultureInfo.InvariantCulture, $"{chunks * chunk:N0} resamples as drawn by lm-evaluation-harness ({iterations:N0} asked for)");
        return Bootstrap.Run(statistic([.. Enumerable.Range(0, units)]), statistic, Draws(units, chunk, chunks), described);
    }

    internal static IEnumerable<int[]> Draws(int units, int chunk, int chunks)
    {
        for (var i = 0; i < chunks; i++)
        {
            var random = new PythonRandom(i);
            for (var draw = 0; draw < chunk; draw++)
                yield return random.Choices(units, units);
        }
    }
}
