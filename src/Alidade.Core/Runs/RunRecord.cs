using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Alidade.Core.Files;

namespace Alidade.Core.Runs;

/// <summary>Where a run stands.</summary>
public enum RunState
{
    /// <summary>At work, or killed without a chance to say so.</summary>
    Running,

    /// <summary>Everything that was asked for is there.</summary>
    Done,

    /// <summary>Ended by an error; <see cref="RunRecord.Failure"/> says which.</summary>
    Failed,

    /// <summary>Stopped by the user; it can be resumed.</summary>
    Stopped,
}

/// <summary>The machine a run ran on, as far as it can matter to the numbers.</summary>
/// <param name="DotNet">Runtime, such as ".NET 10.0.1".</param>
/// <param name="Os">Operating system.</param>
/// <param name="Architecture">Processor architecture.</param>
/// <param name="Processors">Logical processors that the process may use.</param>
/// <param name="Threads">Threads of tensor work.</param>
public sealed record RunEnvironment(string DotNet, string Os, string Architecture, int Processors, int Threads)
{
    /// <summary>This process.</summary>
    /// <param name="threads">Threads of tensor work; the processors when null.</param>
    public static RunEnvironment Here(int? threads = null) => new(
        RuntimeInformation.FrameworkDescription,
        RuntimeInformation.OSDescription,
        RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        threads ?? Environment.ProcessorCount);
}

/// <summary>What <c>run.json</c> says: what was asked, with what, on what, and how it ended.</summary>
public sealed record RunRecord
{
    /// <summary>The command, such as "align".</summary>
    public required string Command { get; init; }

    /// <summary>Every option after defaults, recipe and command line were put together.</summary>
    public JsonNode? Options { get; init; }

    /// <summary>Version of Alidade.</summary>
    public string AlidadeVersion { get; init; } = ThisVersion;

    /// <summary>The machine.</summary>
    public RunEnvironment Environment { get; init; } = RunEnvironment.Here();

    /// <summary>Seeds by name.</summary>
    public IReadOnlyDictionary<string, long> Seeds { get; init; } = new Dictionary<string, long>();

    /// <summary>Model and data files with their hashes.</summary>
    public IReadOnlyList<HashedFile> Files { get; init; } = [];

    /// <summary>When the run began (UTC).</summary>
    public DateTimeOffset Started { get; init; } = DateTimeOffset.UtcNow;

    /// <summary>When it was taken up again after a stop or a kill, oldest first.</summary>
    public IReadOnlyList<DateTimeOffset> Resumed { get; init; } = [];

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>Where it stands.</summary>
    public RunState State { get; init; } = RunState.Running;

    /// <summary>What a person was warned of: rows that were left out, signs of silent failures, a line each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The error's line when <see cref="State"/> is <see cref="RunState.Failed"/>.</summary>
    public string? Failure { get; init; }

    /// <summary>The version of the running Alidade.</summary>
    public static string ThisVersion { get; } =
        typeof(RunRecord).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}

/// <summary>One line of <c>events.jsonl</c>: numbers at one step of one stage.</summary>
/// <param name="Time">When (UTC).</param>
/// <param name="Stage">Stage of the run, such as "dpo".</param>
/// <param name="Step">Step within the stage.</param>
/// <param name="Values">Numbers by name, such as "loss".</param>
public sealed record RunEvent(DateTimeOffset Time, string Stage, long Step, IReadOnlyDictionary<string, double> Values);

/// <summary>One line of <c>samples.jsonl</c>: one item of one measure.</summary>
/// <param name="Measure">Name of the measure.</param>
/// <param name="Phase">When it was taken: <see cref="Phases.Before"/>, <see cref="Phases.After"/>, or a name between them.</param>
/// <param name="Item">The item.</param>
public sealed record RunSample(string Measure, string Phase, Results.ItemResult Item);

/// <summary>The phases that every comparison knows.</summary>
public static class Phases
{
    /// <summary>Before the change.</summary>
    public const string Before = "before";

    /// <summary>After the change.</summary>
    public const string After = "after";
}

/// <summary>One file of <c>stages/</c>: a stage that is done, with its result.</summary>
/// <param name="Stage">Name of the stage.</param>
/// <param name="Finished">When (UTC).</param>
/// <param name="Result">What the stage gave; null when it gives nothing.</param>
public sealed record StageRecord(string Stage, DateTimeOffset Finished, JsonNode? Result);
