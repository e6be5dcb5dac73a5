using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Alidade.Benchmarks;

/// <summary>What a result must name to be compared with another.</summary>
internal static class Machine
{
    /// <summary>The processor's model, where the system tells it.</summary>
    public static string Cpu()
    {
        const string Info = "/proc/cpuinfo";
        var line = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    /// <summary><c>git describe</c> of the folder that the program lies in; "unknown" without git.</summary>
    public static string Revision()
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", AppContext.BaseDirectory, "describe", "--always", "--dirty"]) { RedirectStandardOutput = true, RedirectStandardError = true });
            var text = git!.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return text.Length > 0 ? text : "unknown";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }
}
