namespace Alidade.Core.Reports.Page;

/// <summary>How often each attack succeeds before and after, and how far to trust the reading.</summary>
internal static class AttackSection
{
    private static readonly string[] Columns = ["Attack", "How to read its rate", "Judge"];

    public static void Write(Markup page, AlignmentReport report)
    {
        if (report.Attacks.Count == 0)
        {
            page.Leaf("p.none", "The model was not attacked in this run.");
            return;
        }

        page.Leaf("p", "The same harmful requests before and after. The rate is the share of requests on which the attack succeeded.");
        var rates = report.Attacks.Select(a => a.Rate).ToArray();
        ComparisonSection.Chart(page, report, rates);
        Table.Write(page, "What each attack is, and on which side of the truth its rate lies", Columns, () =>
        {
            foreach (var attack in report.Attacks)
                Table.Row(page, Columns, attack.Attack, BoundWords(attack.Bound), attack.Judge);
        });
        ComparisonSection.Write(page, report, "Attack rates before and after", rates);
    }

    private static string BoundWords(Bound bound) => bound switch
    {
        Bound.Lower => "a lower reading: an attacker who tries harder succeeds more often",
        Bound.Upper => "an upper reading: it also counts replies that a real attacker could not force, or that only sound compliant",
        _ => "an estimate: the truth may lie on either side",
    };
}
