using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Alidade.Models;
using TorchSharp;

namespace Alidade.Benchmarks;

/// <summary>
/// Loading: time and peak memory, each load in a process of its own, because memory once used stays with a process. Linux only, where /proc tells.
/// </summary>
internal static class LoadBenchmark
{
    /// <summary>The word that makes a process load one model and tell.</summary>
    public const string Child = "load-once";

    /// <param name="Seconds">From the call to the loaded model.</param>
    /// <param name="LoadedBytes">Weights in memory.</param>
    /// <param name="PeakBytes">Most resident memory, less what was resident before the call: with the file's own pages.</param>
    /// <param name="PeakPrivateBytes">The same without pages of files, which the system can drop.</param>
    private sealed record Loaded(double Seconds, long LoadedBytes, long PeakBytes, long PeakPrivateBytes);

    /// <summary>Loads each model some times and prints a line for each.</summary>
    public static int Run(IReadOnlyList<string> paths, int rounds)
    {
        var made = Directory.CreateTempSubdirectory("alidade-load").FullName;
        try
        {
            using (var model = Shape.Model())
                model.Save(made, "BF16", shardBytes: 100_000_000);
            foreach (var path in paths.Prepend(made))
            {
                var runs = Enumerable.Range(0, rounds).Select(_ => InChild(path)).ToList();
                var worst = runs.MaxBy(r => r.PeakBytes)!;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"load {(path == made ? "sharded BF16 folder" : Path.GetFileName(path))}: {runs.Min(r => r.Seconds):f2} s, {worst.LoadedBytes / 1e6:f0} MB loaded, peak +{worst.PeakBytes / 1e6:f0} MB ({(double)worst.PeakBytes / worst.LoadedBytes:f2}x), private +{runs.Max(r => r.PeakPrivateBytes) / 1e6:f0} MB ({(double)runs.Max(r => r.PeakPrivateBytes) / worst.LoadedBytes:f2}x)"));
            }

            return 0;
        }
        finally
        {
            Directory.Delete(made, recursive: true);
        }
    }

    /// <summary>Loads one model and prints what it took.</summary>
    public static int Once(string path)
    {
        // The tensor library and its allocator are no part of a model.
        torch.zeros(1).Dispose();
        var (before, privateBefore) = (Status("VmHWM"), Status("RssAnon"));
        var privatePeak = privateBefore;
        using var done = new CancellationTokenSource();
        var watch = new Thread(() =>
        {
            while (!done.IsCancellationRequested)
            {
                privatePeak = Math.Max(privatePeak, Status("RssAnon"));
                Thread.Sleep(2);
            }
        });
        watch.Start();
        var clock = Stopwatch.StartNew();
        using var model = CausalLM.Load(path);
        var seconds = clock.Elapsed.TotalSeconds;
        done.Cancel();
        watch.Join();
        var bytes = model.Parameters.Values.Sum(p => p.numel() * p.element_size());
        Console.WriteLine(JsonSerializer.Serialize(new Loaded(seconds, bytes, Status("VmHWM") - before, Math.Max(privatePeak, Status("RssAnon")) - privateBefore)));
        return 0;
    }

    private static Loaded InChild(string path)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [Child, path]) { RedirectStandardOutput = true };
        using var child = Process.Start(start)!;
        var output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0 ? JsonSerializer.Deserialize<Loaded>(output)! : throw new InvalidOperationException($"loading '{path}' ended with {child.ExitCode}");
    }

    private static long Status(string key) =>
        long.Parse(File.ReadLines("/proc/self/status").First(l => l.StartsWith(key + ":", StringComparison.Ordinal)).Split(':', 'k')[1], CultureInfo.InvariantCulture) * 1024;
}
