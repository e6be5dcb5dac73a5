using Alidade.Core.Gates;

namespace Alidade.Core.Reports.Page;

/// <summary>How the rules of a gate fared: reading, interval, limit, outcome, and why the rule is there.</summary>
internal static class GateSection
{
    private static readonly string[] Columns = ["Rule", "#Reading", "#Limit", "Outcome", "Asked for because"];

    public static void Write(Markup page, IReadOnlyList<GateOutcome> gate)
    {
        page.Leaf(gate.All(o => o.Met) ? "p.notice.fine" : "p.notice", EvaluationText.Gate(gate) + ".");
        page.Leaf("p", "The reading itself meets a rule or does not; its interval says how far other items of the same kind might have moved it.");
        Table.Write(page, "The rules, what was read, and what was asked for", Columns, () =>
        {
            foreach (var outcome in gate)
                Row(page, outcome);
        });
    }

    private static void Row(Markup page, GateOutcome outcome)
    {
        var unit = outcome.Measurement?.Unit ?? "";
        using var row = page.Open("tr");
        using (page.Open("th", ("scope", "row")))
        {
            page.Text(outcome.Required.Measure);
            if (outcome.Measurement is { } measured)
                page.Leaf("span.meaning", measured.Meaning);
        }

        using (page.Open("td.number"))
        {
            page.Text(outcome.Measurement is { } m ? Numbers.Value(m.Value, unit) : "not measured");
            if (outcome.Measurement is { } measured)
                page.Leaf("span.interval", measured.Interval is { } interval ? $"{Numbers.Interval(interval, unit)}, {Numbers.Count(measured.Count, "item")}" : $"no interval, {Numbers.Count(measured.Count, "item")}");
        }

        page.Leaf("td.number", $"{EvaluationText.Sign(outcome.Required)} {Numbers.Value(outcome.Required.Bound, unit)}");
        using (page.Open("td"))
        using (page.Open(outcome.Met ? "span.verdict.good" : "span.verdict.bad"))
        {
            page.Leaf("span", outcome.Met ? "✓" : "✗", ("aria-hidden", "true"));
            page.Text(outcome.Met ? " met" : " not met");
        }

        using (page.Open("td"))
        {
            page.Text(outcome.Rule.Reason ?? "");
            // What the numbers beside it do not say by themselves.
            if (outcome.Failure is { } failure && outcome.Measurement?.Value is null)
                page.Leaf("span.interval", failure);
        }
    }
}
