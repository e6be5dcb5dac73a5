using System.Globalization;
using Alidade.Core.Results;

namespace Alidade.Core.Reports;

/// <summary>The report in plain words, made from its numbers: nothing is said that an interval does not carry.</summary>
/// <param name="LeftOut">What does not count fully; null when everything does.</param>
/// <param name="Headline">How many measures got better, worse, and so on.</param>
/// <param name="Groups">The measures by verdict, a sentence each.</param>
/// <param name="Notes">Attacks' bounds, leak, place of the change, chance.</param>
internal sealed record ReportSummary(string? LeftOut, string Headline, IReadOnlyList<SummaryGroup> Groups, IReadOnlyList<string> Notes)
{
    /// <summary>The order in which verdicts are told: first what needs attention.</summary>
    private static readonly Verdict[] Order = [Verdict.Worse, Verdict.Better, Verdict.Changed, Verdict.Unchanged, Verdict.NoDifferenceSeen, Verdict.CannotTell, Verdict.TooFewItems];

    public static ReportSummary Of(AlignmentReport report)
    {
        Comparison[] all = [.. report.Comparisons, .. report.Attacks.Select(a => a.Rate)];
        var groups = Order.Select(v => new SummaryGroup(v, [.. all.Where(c => c.Verdict == v).Select(c => Sentence(report, c))])).Where(g => g.Sentences.Count > 0).ToArray();
        var leftOut = LeftOutCounts.Line(report.AllLeftOut());
        return new(
            leftOut is null ? null : "Not everything counts fully: " + leftOut + ".",
            all.Length == 0 ? "Nothing was measured before and after." : $"Of {Numbers.Count(all.Length, "measure")}: {string.Join(", ", groups.Select(g => $"{Numbers.Count(g.Sentences.Count)} {Clause(g.Verdict, g.Sentences.Count)}"))}.",
            groups,
            MakeNotes(report, all));
    }

    /// <summary>The verdict in words; it never stands as colour or symbol alone.</summary>
    public static string Words(Verdict verdict) => verdict switch
    {
        Verdict.Better => "better",
        Verdict.Worse => "worse",
        Verdict.Changed => "changed",
        Verdict.NoDifferenceSeen => "no difference seen",
        Verdict.Unchanged => "unchanged",
        Verdict.CannotTell => "cannot tell",
        _ => "too few items",
    };

    private static string Clause(Verdict verdict, int count) => verdict switch
    {
        Verdict.Better => "got better",
        Verdict.Worse => "got worse",
        Verdict.Changed => "changed",
        Verdict.NoDifferenceSeen => count == 1 ? "shows no difference" : "show no difference",
        Verdict.Unchanged => "stayed",
        Verdict.CannotTell => "cannot be told",
        _ => "had too few items",
    };

    public static string Symbol(Verdict verdict) => verdict switch
    {
        Verdict.Better => "✓",
        Verdict.Worse => "✗",
        Verdict.Changed => "≠",
        Verdict.NoDifferenceSeen => "≈",
        Verdict.Unchanged => "=",
        _ => "?",
    };

    public static string Explanation(Verdict verdict) => verdict switch
    {
        Verdict.Better => "the whole interval of the difference lies on the good side of zero",
        Verdict.Worse => "the whole interval of the difference lies on the bad side of zero",
        Verdict.Changed => "the number moved; it has no good or bad side",
        Verdict.NoDifferenceSeen => "the interval of the difference holds zero: there may be a difference, but not one these items can show",
        Verdict.Unchanged => "the whole interval of the difference lies between the smallest differences that matter, on both sides of zero",
        Verdict.CannotTell => "the interval of the difference holds zero and reaches as far as a difference that would matter: neither a change nor its absence is shown",
        _ => "not enough items were scored both before and after to say anything",
    };

    private static string Sentence(AlignmentReport report, Comparison comparison)
    {
        var unit = comparison.After.Unit;
        var name = Capital(report.Label(comparison.Name));
        if (comparison.Before.Value is null && comparison.After.Value is null)
        {
            var why = string.Join(", ", comparison.After.Unscored.Select(u => $"{Numbers.Count(u.Value)} {u.Key}"));
            return $"{name}: no value on either side{(why.Length > 0 ? $" ({why})" : "")}.";
        }

        var values = $"{name}: {Numbers.Value(comparison.Before.Value, unit)} before, {Numbers.Value(comparison.After.Value, unit)} after";
        var pairs = Numbers.Count(comparison.Pairs, "item");
        if (comparison.Verdict == Verdict.TooFewItems || comparison.Difference is null)
            return $"{values}; only {pairs} scored on both sides.";
        return comparison.Interval is { } interval
            ? $"{values} ({Numbers.Difference(comparison.Difference, unit)}; {Numbers.DifferenceInterval(interval, unit)}; {pairs}).{ToTell(comparison)}"
            : $"{values} ({Numbers.Difference(comparison.Difference, unit)}; no interval; {pairs}).";
    }

    /// <summary>How many items would tell, as a sentence; empty where the question does not arise.</summary>
    public static string ToTell(Comparison comparison) => comparison is { ItemsToTell: { } items, Margin: { } margin }
        ? $" About {Numbers.Count(items, "item")} would show a difference of {Numbers.Difference(margin, comparison.After.Unit).TrimStart('+')}."
        : "";

    private static List<string> MakeNotes(AlignmentReport report, Comparison[] all)
    {
        var notes = new List<string>();
        if (Kept(report, all) is { } kept)
            notes.Add(kept);
        foreach (var distance in report.Distance.Where(d => d.Value is not null))
            notes.Add($"{Capital(report.Label(distance.Name))}: {Numbers.Plain(distance.Value!.Value)} {distance.Unit}{(distance.Interval is { } i ? $" ({Numbers.Interval(i, distance.Unit)})" : "")} over {Numbers.Count(distance.Count, "answer")}; 0 is the model as it began.");
        foreach (var warning in report.Warnings)
            notes.Add($"Warning of training, {warning.Stage}, update {Numbers.Count(warning.Warning.Update)}: {warning.Warning.Message}");
        foreach (var reading in report.Membership)
            notes.Add($"Did alignment leak its data? {reading.Answer()}");
        var peaks = report.Maps.Select(m => (Map: m, Peak: m.Peak())).Where(m => m.Peak is not null)
            .Select(m => $"layer {m.Map.Layers[m.Peak!.Value.Layer]}, position “{VisibleText.Token(m.Map.Positions[m.Peak.Value.Position].Token)}” ({Numbers.Percent(m.Peak.Value.Share)}; {m.Map.Title})").ToArray();
        if (peaks.Length > 0)
            notes.Add($"Where alignment sits: the largest share of its effect returns at {string.Join("; ", peaks)}.");
        if (Chance(all) is { } chance)
            notes.Add(chance);
        return notes;
    }

    // What nobody wanted to change: plain text is read, and harmless requests are answered.
    private static string? Kept(AlignmentReport report, Comparison[] all)
    {
        string[] parts = [.. all.Where(c => c.Name.StartsWith("general.", StringComparison.Ordinal) || c.Name == "behaviour.over_refusal").Select(c => $"{report.Label(c.Name)}: {Words(c.Verdict)}")];
        return parts.Length == 0 ? null : $"Was what the model could do kept? {string.Join("; ", parts)}.";
    }

    /// <summary>Expected false verdicts: Σ (1 − level) over the comparisons that have an interval. One alone needs no such warning.</summary>
    private static string? Chance(Comparison[] all)
    {
        var levels = all.Where(c => c is { Interval: not null, Verdict: not Verdict.TooFewItems }).Select(c => 1 - c.Interval!.Level).ToArray();
        return levels.Length < 2 ? null
            : $"Chance: had nothing changed, on average {levels.Sum().ToString("0.##", CultureInfo.InvariantCulture)} of these {levels.Length} comparisons would still be called a change; the intervals are not corrected for their number.";
    }

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}

/// <summary>The measures of one verdict.</summary>
internal sealed record SummaryGroup(Verdict Verdict, IReadOnlyList<string> Sentences);
