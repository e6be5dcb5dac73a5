using System.Globalization;
using static TorchSharp.torch;

namespace Alidade.Benchmarks;

/// <summary>
/// Runs the works of a benchmark in turn, with the matrix products before and after each, and compares a work only with the products beside it: what else the
/// machine does slows both.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>One round that is not counted (memory, thread pools, tiered compilation).</item>
/// <item>Rounds: products, work, products; a product's rate is the mean of before and after.</item>
/// <item>Best: the least seconds of the work against the highest rate of the product. Median: of the shares of the rounds.</item>
/// </list>
/// </remarks>
internal static class Interleaved
{
    public static void Run(IBenchmark benchmark, int rounds, TextWriter output)
    {
        var square = new MatrixProduct(2048, 2048, 2048);
        var own = new MatrixProduct(2048, 576, 1536);
        var works = benchmark.Works;
        var samples = works.Select(_ => new List<Sample>()).ToArray();
        for (var round = 0; round <= rounds; round++)
        {
            for (var i = 0; i < works.Count; i++)
            {
                using var scope = NewDisposeScope();
                var (squareBefore, ownBefore) = (square.Rate(), own.Rate());
                var seconds = works[i].Seconds();
                if (round > 0)
                    samples[i].Add(new(seconds, (squareBefore + square.Rate()) / 2, (ownBefore + own.Rate()) / 2));
            }
        }

        foreach (var (name, rate) in new[] { (square.Name, (Func<Sample, double>)(s => s.Square)), (own.Name, s => s.Own) })
        {
            double[] rates = [.. samples.SelectMany(s => s).Select(s => rate(s) / 1e9)];
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-38} best {rates.Max(),8:F1}   median {Median(rates),8:F1} GFLOP/s"));
        }

        for (var i = 0; i < works.Count; i++)
            output.WriteLine(Line(works[i], samples[i]));
    }

    private static string Line(Work work, List<Sample> samples)
    {
        double[] seconds = [.. samples.Select(s => s.Seconds)];
        var best = seconds.Min();
        (double Best, double Median) Share(Func<Sample, double> rate) =>
            (work.Flops / best / samples.Max(rate), Median([.. samples.Select(s => work.Flops / s.Seconds / rate(s))]));
        var (square, own) = (Share(s => s.Square), Share(s => s.Own));
        var mark = work.Mark is { } least ? $"   mark {least:F2}: {(square.Best >= least ? "reached" : "missed")}" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"  {work.Name,-38} best {best,8:F3}   median {Median(seconds),8:F3} s   {work.Tokens,5} tokens {work.Tokens / best,8:F1}/s   share of 2048^3 {square.Best:F3} ({square.Median:F3}), of own shape {own.Best:F3} ({own.Median:F3}){mark}");
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private readonly record struct Sample(double Seconds, double Square, double Own);
}
