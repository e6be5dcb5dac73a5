using System.Diagnostics;
using System.Globalization;

namespace Alidade.Benchmarks;

/// <summary>Seconds from the start of the command <c>alidade</c> to its first output: loading the program, the tensor library and the model, and the first token.</summary>
internal static class StartBenchmark
{
    public static int Run(string model, int rounds)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "..", "..", "Alidade.Cli", Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)), "alidade");
        foreach (var command in (string[][])[["next", "--top", "1"], ["generate", "--max-new-tokens", "1"], ["next", "--top", "1", "--weights", "float32"]])
        {
            double[] seconds = [.. Enumerable.Range(0, rounds + 1).Select(_ => FirstOutput(program, [.. command, "--model", model, "--prompt", "The capital of France is"])).Skip(1).Order()];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  alidade {string.Join(' ', command),-38} first output after best {seconds[0]:F3}   median {seconds[seconds.Length / 2]:F3} s"));
        }

        return 0;
    }

    private static double FirstOutput(string program, string[] arguments)
    {
        var start = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var first = process.StandardOutput.Read();
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return first >= 0 && process.ExitCode == 0 ? seconds : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with code {process.ExitCode}");
    }
}
