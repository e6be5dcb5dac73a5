using Alidade.Core.Reports.Page;
using Alidade.Core.Results;
using Alidade.Core.Runs;

namespace Alidade.Core.Reports;

/// <summary>
/// What an alignment changed in one model: measured, attacked and opened before and after, on the same items, with everything that is needed to believe
/// it and to do it again.
/// </summary>
/// <remarks>
/// It is written as JSON with <see cref="Files.Json"/> and reads back to the same report; the page, the terminal's summary and the JSON show the same record.
/// Texts of models and data are untrusted: both renderings show control characters as visible signs and the page escapes everything.
/// </remarks>
public sealed record AlignmentReport
{
    /// <summary>Headline, such as "SmolLM2-135M aligned to helpful answers".</summary>
    public required string Title { get; init; }

    /// <summary>When the run ended (UTC).</summary>
    public required DateTimeOffset When { get; init; }

    /// <summary>Id of the run: the name of its folder.</summary>
    public required string Run { get; init; }

    /// <summary>The model that was aligned.</summary>
    public required ReportModel Model { get; init; }

    /// <summary>What was done, one plain sentence a stage, such as "DPO: 1 epoch over 1,800 pairs, β 0.1, learning rate 5e-6".</summary>
    public IReadOnlyList<string> RecipeSummary { get; init; } = [];

    /// <summary>The resolved recipe as text, for the last section; null when there was none.</summary>
    public string? Recipe { get; init; }

    /// <summary>The data that went in.</summary>
    public IReadOnlyList<ReportData> Data { get; init; } = [];

    /// <summary>Version of Alidade.</summary>
    public string AlidadeVersion { get; init; } = RunRecord.ThisVersion;

    /// <summary>The machine.</summary>
    public required RunEnvironment Environment { get; init; }

    /// <summary>Seeds by name.</summary>
    public IReadOnlyDictionary<string, long> Seeds { get; init; } = new Dictionary<string, long>();

    /// <summary>What the whole run cost.</summary>
    public required Cost Cost { get; init; }

    /// <summary>The exact command that makes this report again.</summary>
    public required string Command { get; init; }

    /// <summary>A reader's name for a measure, by its dotted name, such as "Held-out preference accuracy"; a measure without one goes by its dotted name.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The same items measured before and after.</summary>
    public IReadOnlyList<Comparison> Comparisons { get; init; } = [];

    /// <summary>The smallest difference that matters, for a share as such and for another number as a part of its value before; null when nobody said.</summary>
    public double? SmallestDifference { get; init; }

    /// <summary>Calibrations of instruments by the dotted name of their measure; a measure without one is not calibrated, and the report says so.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<InstrumentCalibration>> Calibrations { get; init; } = new Dictionary<string, IReadOnlyList<InstrumentCalibration>>();

    /// <summary>How far the aligned model moved from where it began: KL divergences on answers to held-out prompts.</summary>
    public IReadOnlyList<Measurement> Distance { get; init; } = [];

    /// <summary>Names of the stages' objectives, in order.</summary>
    public IReadOnlyList<string> Objectives { get; init; } = [];

    /// <summary>Signs of silent failures while it trained.</summary>
    public IReadOnlyList<StageWarning> Warnings { get; init; } = [];

    /// <summary>What each phase cost, in order.</summary>
    public IReadOnlyList<PhaseCost> Costs { get; init; } = [];

    /// <summary>What was written besides this report: adapter, merged model, GGUF file.</summary>
    public IReadOnlyList<string> Written { get; init; } = [];

    /// <summary>How training went, stage by stage.</summary>
    public IReadOnlyList<StageCurves> Curves { get; init; } = [];

    /// <summary>The same attack items before and after.</summary>
    public IReadOnlyList<AttackComparison> Attacks { get; init; } = [];

    /// <summary>Did alignment leak its data?</summary>
    public IReadOnlyList<MembershipReading> Membership { get; init; } = [];

    /// <summary>Where in the model the change sits.</summary>
    public IReadOnlyList<ShiftMap> Maps { get; init; } = [];

    /// <summary>What each layer would say, before and after.</summary>
    public IReadOnlyList<LensComparison> Lenses { get; init; } = [];

    /// <summary>Answers side by side.</summary>
    public IReadOnlyList<SampleComparison> Samples { get; init; } = [];

    /// <summary>What was dropped, cut, not scored or failed and is not already counted in <see cref="Data"/> or in a measurement.</summary>
    public IReadOnlyList<LeftOut> LeftOut { get; init; } = [];

    /// <summary>One self-contained HTML page: styles, pictures and its few lines of script are inside; nothing is fetched.</summary>
    /// <exception cref="AlidadeException">A map's values do not fit its layers and positions.</exception>
    public string ToHtml() => ReportPage.Render(this);

    /// <summary>A short summary for the terminal: what changed, what was left out, what it cost. Lines end with a line feed.</summary>
    public string ToPlainText() => PlainTextReport.Render(this);

    /// <summary>A model card in Markdown, with the front matter that the Hugging Face hub reads and the numbers of this report.</summary>
    public string ToModelCard() => ModelCard.Render(this);

    /// <summary>Everything that was left out anywhere: <see cref="LeftOut"/>, the data's dropped rows, and each measurement's unscored and cut items.</summary>
    public IReadOnlyList<LeftOut> AllLeftOut() => LeftOutCounts.Of(this);

    /// <summary>How far to trust the instrument behind a measure, in one line.</summary>
    internal string Trust(string measure) => InstrumentCalibration.Words(Calibrations.GetValueOrDefault(measure) ?? []);

    internal string Label(string measure) => Labels.GetValueOrDefault(measure, measure);
}
