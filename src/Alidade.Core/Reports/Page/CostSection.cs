namespace Alidade.Core.Reports.Page;

/// <summary>What each phase cost, and the whole.</summary>
internal static class CostSection
{
    private static readonly string[] Columns = ["Phase", "#Tokens", "#Time"];

    public static void Write(Markup page, AlignmentReport report)
    {
        if (report.Costs.Count == 0)
        {
            page.Leaf("p.none", "No costs were kept.");
            return;
        }

        page.Leaf("p", "Tokens are those that went through the model, read and generated together; of training, those of the rows learned from. The last line is the time from the beginning of the run to its report, pauses between a stop and going on included.");
        Table.Write(page, "What each phase cost", Columns, () =>
        {
            foreach (var phase in report.Costs)
                Table.Row(page, Columns, phase.Phase, Numbers.Count(phase.Cost.Tokens), Numbers.Duration(phase.Cost.Seconds));
            Table.Row(page, Columns, "the whole run", Numbers.Count(report.Cost.Tokens), Numbers.Duration(report.Cost.Seconds));
        });
    }
}
