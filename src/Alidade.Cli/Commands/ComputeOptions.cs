using System.CommandLine;

namespace Alidade.Cli.Commands;

/// <summary>The options of every command that does tensor work.</summary>
internal abstract class ComputeOptions
{
    public Option<int?> Threads { get; } = new("--threads") { Description = "Processor threads for tensor work; all when left out" };

    public Option<string> Device { get; } = new("--device") { Description = "cpu, cuda or cuda:n", DefaultValueFactory = _ => "cpu" };

    public Option<bool> Json { get; } = new("--json") { Description = "Print the result as JSON" };

    protected void UseThreads(ParseResult parsed)
    {
        if (parsed.GetValue(Threads) is { } threads)
            Use(threads);
    }

    // Apart, so that help loads no tensor library.
    private static void Use(int threads) => Alidade.Models.Native.Threads.Use(threads);
}
