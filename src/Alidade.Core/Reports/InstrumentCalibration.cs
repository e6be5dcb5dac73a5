using Alidade.Core.Results;

namespace Alidade.Core.Reports;

/// <summary>How well an instrument tells models with a planted failure of one kind from models without it; it stands beside the instrument's reading.</summary>
/// <param name="Failure">The kind of failure, such as "false belief".</param>
/// <param name="Auroc">Area under the ROC curve over models: ½ is guessing, 1 never errs.</param>
/// <param name="Interval">Interval of the area; null when there are too few models for one.</param>
/// <param name="Organisms">Models with the planted failure.</param>
/// <param name="Others">Models without it: controls, and models with another failure.</param>
/// <param name="TruePositiveRate">Share of planted models found when 1 % of the others are taken for planted ones; null when it was not measured.</param>
/// <param name="Source">Where the numbers come from, such as "alidade calibrate, 2026-01-02".</param>
public sealed record InstrumentCalibration(string Failure, double Auroc, Interval? Interval, int Organisms, int Others, double? TruePositiveRate, string Source)
{
    /// <summary>What a reader is told of an instrument that nobody calibrated.</summary>
    internal const string None = "not calibrated";

    /// <summary>Several in one line.</summary>
    internal static string Words(IReadOnlyList<InstrumentCalibration> calibrations) => calibrations.Count == 0 ? None : "calibrated, " + string.Join("; ", calibrations.Select(c => c.Words()));

    /// <summary>Several in a few words, such as "calibrated: false belief 0.97, backdoor 0.52 (chance)".</summary>
    internal static string Brief(IReadOnlyList<InstrumentCalibration> calibrations) => calibrations.Count == 0 ? None
        : "calibrated: " + string.Join(", ", calibrations.Select(c => $"{c.Failure} {c.Auroc.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture)}{(c.IsAtChance ? " (chance)" : c.IsReversed ? " (in reverse)" : "")}"));

    /// <summary>True where the interval holds one half: the instrument is not seen to tell anything.</summary>
    public bool IsAtChance => Interval is { } i && i.Low <= 0.5 && i.High >= 0.5;

    /// <summary>True where the whole interval lies below one half: models with the failure read lower than others.</summary>
    public bool IsReversed => Interval is { High: < 0.5 };

    /// <summary>In one line, such as "false belief: AUROC 0.97 (95 % interval 0.93 to 1) on 12 planted models and 9 others; 75 % found at 1 % false alarms".</summary>
    internal string Words() =>
        $"{Failure}: AUROC {Numbers.Plain(Auroc)}{(Interval is { } i ? $" ({Numbers.Level(i)} {Numbers.Plain(i.Low)} to {Numbers.Plain(i.High)})" : "")} on {Numbers.Count(Organisms, "planted model")} and {Numbers.Count(Others, "other")}"
        + (TruePositiveRate is { } found ? $"; {Numbers.Percent(found)} found at 1 % false alarms" : "")
        + (Interval is null ? "; too few to tell" : IsAtChance ? "; at chance" : IsReversed ? "; in reverse: models with the failure read lower" : "");
}
