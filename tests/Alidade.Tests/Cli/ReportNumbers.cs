using System.Globalization;
using Alidade.Core.Reports;

namespace Alidade.Tests.Cli;

/// <summary>Every number of a report that a repeated run must come to again, to the last digit; times are not among them.</summary>
internal static class ReportNumbers
{
    public static string Of(AlignmentReport report) => string.Join('\n',
        report.Comparisons.Concat(report.Attacks.Select(a => a.Rate)).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Name} {c.Before.Value:r} {c.After.Value:r} {c.Difference:r} {c.Interval?.Low:r} {c.Interval?.High:r} {c.Pairs} {c.Verdict}"))
            .Concat(report.Distance.Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.Name} {d.Value:r} {d.Count}")))
            .Concat(report.Membership.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Attack} {m.Before?.Auroc.Value:r} {m.After.Auroc.Value:r}")))
            .Concat(report.Samples.Select(s => $"{s.Id} {s.Before.Text} {s.After.Text}"))
            .Concat(report.Maps.SelectMany(m => m.Values).Select(row => string.Join(' ', row.Select(v => v.ToString("r", CultureInfo.InvariantCulture)))))
            .Concat(report.Curves.SelectMany(c => c.Panels.SelectMany(p => p.Lines.SelectMany(l => l.Points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{c.Stage} {p.Title} {l.Name} {point.Step} {point.Value:r}")))))));
}
