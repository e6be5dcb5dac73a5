using Alidade.Core.Files;
using Alidade.Core.Gates;
using Alidade.Core.Reports.Page;
using Alidade.Core.Results;
using Alidade.Core.Runs;

namespace Alidade.Core.Reports;

/// <summary>A task of a suite that was not run.</summary>
/// <param name="Task">Its name.</param>
/// <param name="Reason">Why not, and what to do.</param>
public sealed record NotRun(string Task, string Reason);

/// <summary>One model measured: every number with its interval, and everything that was not scored, counted by cause.</summary>
/// <remarks>It is written as JSON with <see cref="Json"/>; the page, the Markdown, the terminal's summary and the JSON show the same record. Texts of models and data
/// are untrusted: control characters are shown as visible signs and the page escapes everything.</remarks>
public sealed record EvaluationReport
{
    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>What distinguishes it from every other: a hash of its weights, or an endpoint's address.</summary>
    public required string Identity { get; init; }

    /// <summary>True when it was asked in text alone.</summary>
    public required bool BlackBox { get; init; }

    /// <summary>When the run ended (UTC).</summary>
    public required DateTimeOffset When { get; init; }

    /// <summary>Id of the run: the name of its folder.</summary>
    public required string Run { get; init; }

    /// <summary>The suite or tasks that were asked for.</summary>
    public required string Asked { get; init; }

    /// <summary>Most items of a task; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>Seed of every choice.</summary>
    public ulong Seed { get; init; }

    /// <summary>The exact command.</summary>
    public required string Command { get; init; }

    /// <summary>Every number.</summary>
    public IReadOnlyList<Measurement> Measurements { get; init; } = [];

    /// <summary>What calibration on models with planted failures says of the instrument behind a measure, by the measure's name; a measure that was not calibrated is absent.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<InstrumentCalibration>> Calibrations { get; init; } = new Dictionary<string, IReadOnlyList<InstrumentCalibration>>();

    /// <summary>How the rules of a gate fared; empty where none was asked.</summary>
    public IReadOnlyList<GateOutcome> Gate { get; init; } = [];

    /// <summary>Tasks of the suite that were not run.</summary>
    public IReadOnlyList<NotRun> NotRun { get; init; } = [];

    /// <summary>Files of model and data with their hashes.</summary>
    public IReadOnlyList<HashedFile> Files { get; init; } = [];

    /// <summary>What the whole run cost.</summary>
    public required Cost Cost { get; init; }

    /// <summary>Version of Alidade.</summary>
    public string AlidadeVersion { get; init; } = RunRecord.ThisVersion;

    /// <summary>The machine.</summary>
    public required RunEnvironment Environment { get; init; }

    /// <summary>Items without a score over all measures, by cause, most frequent first.</summary>
    public IReadOnlyList<(string Cause, int Count)> Causes() =>
        [.. Measurements.SelectMany(m => m.Unscored).GroupBy(u => u.Key, u => u.Value, StringComparer.Ordinal).Select(g => (g.Key, g.Sum())).OrderByDescending(c => c.Item2).ThenBy(c => c.Key, StringComparer.Ordinal)];

    /// <summary>What does not count fully, in one line; null when everything does.</summary>
    public string? LeftOut()
    {
        string?[] parts =
        [
            Causes() is { Count: > 0 } causes ? $"without a score: {string.Join(", ", causes.Select(c => $"{Numbers.Count(c.Count)} {c.Cause}"))}" : null,
            Measurements.Sum(m => m.Truncated) is > 0 and var cut ? $"{Numbers.Count(cut)} scored with input or output cut short" : null,
            NotRun.Count > 0 ? $"{Numbers.Count(NotRun.Count, "task")} not run" : null,
        ];
        return parts.All(p => p is null) ? null : string.Join("; ", parts.Where(p => p is not null));
    }

    /// <summary>One self-contained HTML page, with the items behind each number.</summary>
    /// <param name="items">Every item of every measure.</param>
    public string ToHtml(IReadOnlyList<RunSample> items) => EvaluationPage.Render(this, items);

    /// <summary>A table for a terminal: a line a measure, first what does not count. Lines end with a line feed.</summary>
    public string ToPlainText() => EvaluationText.Plain(this);

    /// <summary>The same as Markdown.</summary>
    public string ToMarkdown() => EvaluationText.Markdown(this);
}
