using Alidade.Core.Files;
using Alidade.Core.Reports.Page;
using Alidade.Core.Results;
using Alidade.Core.Runs;

namespace Alidade.Core.Reports;

/// <summary>A number of a training at its beginning and at its end.</summary>
/// <param name="Name">Name, such as "held-out loss".</param>
/// <param name="First">At the beginning.</param>
/// <param name="Last">At the end.</param>
public sealed record FirstAndLast(string Name, double First, double Last)
{
    /// <summary>What must be known to read it; null for nothing.</summary>
    public string? Note { get; init; }

    /// <summary>Interval of the number at the end; null where it has none.</summary>
    public Interval? LastInterval { get; init; }

    /// <summary>Rows behind the number at the end; null where nobody said.</summary>
    public int? Rows { get; init; }

    /// <summary>Interval, rows and note as a person reads them; null for none of them.</summary>
    internal string? Remark
    {
        get
        {
            string?[] behind = [LastInterval is { } interval ? Numbers.Interval(interval, "") : null, Rows is { } rows ? Numbers.Count(rows, "row") : null];
            string?[] all = [string.Join(", ", behind.OfType<string>()) is { Length: > 0 } known ? known : null, Note];
            return string.Join("; ", all.OfType<string>()) is { Length: > 0 } remark ? remark : null;
        }
    }
}

/// <summary>A sign of a silent failure, as a report shows it.</summary>
/// <param name="Update">The first update at which it was to be seen.</param>
/// <param name="Message">What was seen, and what to do.</param>
/// <param name="Source">Where it is described.</param>
public sealed record ReportWarning(int Update, string Message, string Source);

/// <summary>One training: what was learned from what, how it went, what the model says before and after, and every warning.</summary>
/// <remarks>It is written as JSON with <see cref="Json"/>; page, terminal and JSON show the same record. Texts of models and data are untrusted.</remarks>
public sealed record TrainingReport
{
    /// <summary>Name of the objective.</summary>
    public required string Objective { get; init; }

    /// <summary>What it is, with its formula.</summary>
    public required string Meaning { get; init; }

    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>What was trained, in words, such as "a LoRA adapter of 1,234 weights".</summary>
    public required string Trained { get; init; }

    /// <summary>How much of the data was used, in words.</summary>
    public required string Data { get; init; }

    /// <summary>When the run ended (UTC).</summary>
    public required DateTimeOffset When { get; init; }

    /// <summary>Id of the run: the name of its folder.</summary>
    public required string Run { get; init; }

    /// <summary>The exact command.</summary>
    public required string Command { get; init; }

    /// <summary>The recipe, with every setting.</summary>
    public required string Recipe { get; init; }

    /// <summary>Updates done.</summary>
    public required int Updates { get; init; }

    /// <summary>Updates before the lowest held-out loss; null without held-out rows.</summary>
    public int? BestUpdate { get; init; }

    /// <summary>True when it stopped before the last planned update, since the held-out loss no longer fell.</summary>
    public bool StoppedEarly { get; init; }

    /// <summary>Numbers at the beginning and at the end; on held-out rows where there are some.</summary>
    public IReadOnlyList<FirstAndLast> Numbers { get; init; } = [];

    /// <summary>Numbers that there are at the end alone, such as what the members of an ensemble say together.</summary>
    public IReadOnlyList<Measurement> Readings { get; init; } = [];

    /// <summary>Curves.</summary>
    public IReadOnlyList<StageCurves> Curves { get; init; } = [];

    /// <summary>Signs of silent failures.</summary>
    public IReadOnlyList<ReportWarning> Warnings { get; init; } = [];

    /// <summary>Answers before and after.</summary>
    public IReadOnlyList<SampleComparison> Samples { get; init; } = [];

    /// <summary>What was left out or cut.</summary>
    public IReadOnlyList<LeftOut> LeftOut { get; init; } = [];

    /// <summary>What was written: the adapter or model, and exports.</summary>
    public IReadOnlyList<string> Written { get; init; } = [];

    /// <summary>Files of model and data with their hashes.</summary>
    public IReadOnlyList<HashedFile> Files { get; init; } = [];

    /// <summary>Tokens that were learned from, and the time of the training.</summary>
    public required Cost Cost { get; init; }

    /// <summary>Version of Alidade.</summary>
    public string AlidadeVersion { get; init; } = RunRecord.ThisVersion;

    /// <summary>The machine.</summary>
    public required RunEnvironment Environment { get; init; }

    /// <summary>One self-contained HTML page.</summary>
    public string ToHtml() => TrainingPage.Render(this);

    /// <summary>For a terminal: warnings first, then the numbers. Lines end with a line feed.</summary>
    public string ToPlainText() => TrainingText.Plain(this);
}
