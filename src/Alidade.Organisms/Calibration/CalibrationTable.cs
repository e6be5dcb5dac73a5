using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Reports;

namespace Alidade.Organisms.Calibration;

/// <summary>What calibration says of all instruments, and on what.</summary>
public sealed record CalibrationTable
{
    private const string Resource = "calibration.json";

    /// <summary>SHA-256 of the base's weights.</summary>
    public required string Base { get; init; }

    /// <summary>Version of Alidade that calibrated.</summary>
    public required string AlidadeVersion { get; init; }

    /// <summary>Organisms with a failure.</summary>
    public required int Organisms { get; init; }

    /// <summary>Controls.</summary>
    public required int Controls { get; init; }

    /// <summary>Organisms whose measured rate lies outside the aim.</summary>
    public required int OutOfAim { get; init; }

    /// <summary>One row for each instrument and failure.</summary>
    public required IReadOnlyList<CalibrationRow> Rows { get; init; }

    /// <summary>The table that ships with Alidade; null where none does.</summary>
    public static CalibrationTable? Shipped => Loaded.Value;

    private static readonly Lazy<CalibrationTable?> Loaded = new(() =>
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource);
        return stream is null ? null : JsonSerializer.Deserialize<CalibrationTable>(stream, Json.Line);
    });

    /// <summary>What a report says beside a reading of a measure, one entry for each failure; empty where it was not calibrated.</summary>
    /// <param name="measure">Name of a measure or attack, which may go on after a dot where the instrument's does not.</param>
    public IReadOnlyList<InstrumentCalibration> Of(string measure) =>
    [
        .. Rows.Where(r => (measure == r.Instrument || measure.StartsWith(r.Instrument + ".", StringComparison.Ordinal)) && r.Auroc is not null).Select(r => new InstrumentCalibration(
            r.Type.Replace('_', ' '), r.Auroc!.Value, r.Interval, r.Positives, r.Negatives, r.TruePositiveRate, $"alidade calibrate, base {Base[..Math.Min(12, Base.Length)]}")),
    ];

    /// <summary>The same for some measures, by name; those that were not calibrated are absent.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<InstrumentCalibration>> Of(IEnumerable<string> measures) =>
        measures.Distinct(StringComparer.Ordinal).Select(m => (Measure: m, Calibrations: Of(m))).Where(m => m.Calibrations.Count > 0).ToDictionary(m => m.Measure, m => m.Calibrations, StringComparer.Ordinal);

    /// <summary>The table in Markdown.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"# Calibration");
        Line($"");
        Line($"{Organisms} organisms with a failure ({OutOfAim} with a rate outside the aim, mostly 20 to 80 %) and {Controls} controls on the base {Base[..Math.Min(12, Base.Length)]}, by Alidade {AlidadeVersion}.");
        Line($"AUROC over models with its 95 % interval by bootstrap over models; recall at no more than 1 % false alarms (with fewer than 100 negatives: without any); then the decisions of a threshold");
        Line($"that was fixed on development organisms, on test organisms of other seeds and implants. Items: precision and recall of single items on test organisms. Effect: mean |reading − planted rate|");
        Line($"and the slope of the reading over the rate.");
        Line($"");
        Line($"| instrument | failure | access | models | AUROC | recall at 1 % | test: recall, false alarms, precision | items: precision, recall | effect: error, slope | not scored | seconds | tokens |");
        Line($"|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var row in Rows)
        {
            var auroc = row.Auroc is null ? "–" : $"{Number(row.Auroc)}{(row.Interval is { } i ? $" [{Number(i.Low)}, {Number(i.High)}]" : "")}{(row.Interval is null ? " **too few**" : row.IsAtChance ? " **chance**" : row.IsReversed ? " **reversed**" : "")}";
            var test = row.Test is { } t ? $"{Number(t.Recall)}, {Number(t.FalsePositiveRate)}, {Number(t.Precision)}" : "–";
            var items = row.Items is { } d ? $"{Number(d.Precision)}, {Number(d.Recall)}" : "–";
            var effect = row.Effect is { } e ? $"{Number(e.MeanAbsoluteError)}, {Number(e.Slope)}" : "–";
            Line($"| {row.Instrument} | {row.Type} | {Words(row.Access)} | {row.Positives} : {row.Negatives}{(row.NotRead > 0 ? $", {row.NotRead} not read" : "")} | {auroc} | {Number(row.TruePositiveRate)} | {test} | {items} | {effect} | {row.Unscored} | {row.Seconds:0.0} | {row.Tokens:0} |");
        }

        return text.ToString();
    }

    private static string Words(Access access) => access switch { Access.Answers => "answers", Access.Likelihoods => "likelihoods", Access.Base => "base", _ => "training data" };

    private static string Number(double? value) => value is { } v ? v.ToString("0.00", CultureInfo.InvariantCulture) : "–";
}
