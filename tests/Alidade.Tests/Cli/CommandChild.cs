using System.Diagnostics;
using Alidade.Tests.Models.Native;

namespace Alidade.Tests.Cli;

/// <summary>The command in a process of its own, which may be killed without a word.</summary>
internal static class CommandChild
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(2);

    /// <summary>This test program, told to be the command.</summary>
    public static ProcessStartInfo With(params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardError = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(CommandChild).Assembly.Location);
        start.Environment[NativeChild.Variable] = "command";
        start.Environment[NativeChild.ArgumentsVariable] = string.Join('\n', arguments);
        return start;
    }

    /// <summary>Runs to its end.</summary>
    public static CommandResult Run(ProcessStartInfo start) => Run(start, static _ => false);

    /// <summary>Runs, and kills it when <paramref name="now"/> says so.</summary>
    /// <returns>What it had printed by then. The exit code of a killed process is not 0.</returns>
    public static CommandResult Run(ProcessStartInfo start, Func<TimeSpan, bool> now)
    {
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var watch = Stopwatch.StartNew();
        while (!process.WaitForExit(Look))
            if (now(watch.Elapsed))
                process.Kill();
        process.WaitForExit();
        return new(process.ExitCode, output.Result, errors.Result);
    }
}
