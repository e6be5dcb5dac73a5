namespace Alidade.Core.Reports.Page;

/// <summary>What does not count fully, stage by stage and reason by reason.</summary>
internal static class LeftOutSection
{
    private static readonly string[] Columns = ["Where", "What", "Why", "#How many"];

    public static void Write(Markup page, AlignmentReport report) => Write(page, report.AllLeftOut());

    public static void Write(Markup page, IReadOnlyList<LeftOut> all)
    {
        if (all.Count == 0)
        {
            page.Leaf("p", "Nothing: no row was dropped, no text was cut, every item has a score, no stage failed.");
            return;
        }

        page.Leaf("p", "What was dropped, failed, or has no score is in no number above: it counts neither as a success nor as a failure. What was cut short does count, as it stands.");
        Table.Write(page, "Dropped, cut short, without a score, failed", Columns, () =>
        {
            foreach (var left in all)
                Table.Row(page, Columns, left.Stage, Words(left.Kind), left.Reason, Numbers.Count(left.Count));
        });
    }

    private static string Words(LeftOutKind kind) => kind switch
    {
        LeftOutKind.Dropped => "dropped",
        LeftOutKind.Truncated => "cut short",
        LeftOutKind.Unscored => "without a score",
        _ => "failed",
    };
}
