using System.Runtime.CompilerServices;
using Alidade.Core;
using Alidade.Models.Native;
using TorchSharp;

namespace Alidade.Tests.Models.Native;

/// <summary>What <see cref="NativeLoaderTests"/> runs in a process of its own: this test program, told by a variable to do one thing and end.</summary>
internal static class NativeChild
{
    public const string Variable = "ALIDADE_TEST_NATIVE";

    /// <summary>Arguments of the task "command", a line each.</summary>
    public const string ArgumentsVariable = "ALIDADE_TEST_ARGUMENTS";

    public static void RunIfAsked()
    {
        var what = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(what))
            return;
        try
        {
            Run(what);
            Environment.Exit(0);
        }
        catch (AlidadeException exception)
        {
            Console.WriteLine(exception.Message);
            Environment.Exit(2);
        }
    }

    private static void Run(string what)
    {
        switch (what)
        {
            case "ensure":
                NativeLoader.Ensure();
                break;
            case "idle":
                Console.WriteLine(NativeLoader.IsLoaded ? "loaded" : "not loaded");
                break;
            case "threads":
                CountThreads();
                break;
            case "help":
                Environment.ExitCode = Alidade.Cli.Commands.AlidadeCommand.Run(["--help"]);
                PrintFiles();
                break;
            case "serve":
                Environment.Exit(Alidade.Cli.Commands.AlidadeCommand.Run(["serve", "--port", "0", "--threads", "1"]));
                break;
            case "command":
                Environment.Exit(Alidade.Cli.Commands.AlidadeCommand.Run(Environment.GetEnvironmentVariable(ArgumentsVariable)!.Split('\n')));
                break;
            case "info":
                Environment.ExitCode = Alidade.Cli.Commands.AlidadeCommand.Run(["model", "info"]);
                PrintFiles();
                break;
            case "encoder info":
                Environment.ExitCode = Alidade.Cli.Commands.AlidadeCommand.Run(["model", "info", Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", "models", "deberta_v3_cls")]);
                PrintFiles();
                break;
            case "maps":
                Sum();
                Console.WriteLine(File.ReadAllText("/proc/self/maps"));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(what), what, null);
        }
    }

    // Apart, because a method that names a tensor loads the library when it is compiled.
    private static void CountThreads()
    {
        Threads.Use(1);
        PrintThreads();
    }

    // This runs in the module's initializer, and another thread that entered the module would wait for its end: hence the bare method.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PrintThreads()
    {
        var other = Task.Factory.StartNew(torch.get_num_threads, default, TaskCreationOptions.LongRunning, TaskScheduler.Default).Result;
        Console.WriteLine($"{torch.get_num_threads()} {other}");
    }

    // Managed assemblies everywhere, and on Linux every native file as well.
    private static void PrintFiles()
    {
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies())
            if (!assembly.IsDynamic)
                Console.WriteLine("mapped " + assembly.Location);
        if (OperatingSystem.IsLinux())
            foreach (var line in File.ReadLines("/proc/self/maps"))
                Console.WriteLine("mapped " + line);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Sum()
    {
        using var sum = torch.ones(2, 3).sum();
        Assert.Equal(6, sum.item<float>());
    }
}
