using System.Globalization;

namespace Alidade.Core.Reports.Page;

/// <summary>Everything needed to do it again: command, model, data, recipe, versions, machine.</summary>
internal static class ProvenanceSection
{
    private static readonly string[] Columns = ["Data", "For", "#Rows", "#Used", "#Held out", "#Dropped", "!Hash"];

    public static void Write(Markup page, AlignmentReport report)
    {
        page.Leaf("p", "This command, on the same files and the same machine, gives the same numbers:");
        page.Leaf("pre", report.Command);
        using (page.Open("dl"))
        {
            Fact("Model", $"{report.Model.Name} ({report.Model.Architecture})");
            Fact("Parameters", Numbers.Count(report.Model.Parameters) + (report.Model.NumberType is { } type ? $", stored as {type}" : ""));
            Fact("Hash of the weights", report.Model.Hash);
            if (report.Model.Adapter is { } a)
                Fact("Adapter", $"{a.Method}, rank {Numbers.Plain(a.Rank)}, α {Numbers.Plain(a.Alpha)}, {Numbers.Count(a.TrainedParameters)} trained parameters, on {string.Join(", ", a.Targets)}");
            if (report.Model.License is { } license)
                Fact("Licence", license);
            if (report.Written.Count > 0)
                Fact("Written", string.Join(", ", report.Written));
            Fact("Run", $"{report.Run}, {report.When.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC");
            Fact("Cost", Numbers.Cost(report.Cost));
            Fact("Seeds", report.Seeds.Count == 0 ? "none" : string.Join(", ", report.Seeds.Select(s => $"{s.Key} {s.Value.ToString(CultureInfo.InvariantCulture)}")));
            Fact("Alidade", report.AlidadeVersion);
            Fact("Machine", $"{report.Environment.Os}, {report.Environment.Architecture}, {Numbers.Count(report.Environment.Processors, "processor")}, {Numbers.Count(report.Environment.Threads, "thread")}, {report.Environment.DotNet}");
        }

        if (report.Data.Count > 0)
            Table.Write(page, "Data that went in", Columns, () =>
            {
                foreach (var d in report.Data)
                    Table.Row(page, Columns, d.Name, d.Purpose, Numbers.Count(d.Rows), Numbers.Count(d.Used), Numbers.Count(d.HeldOut), Numbers.Count(d.Dropped.Values.Sum()), d.Hash);
            });
        if (report.Recipe is { } recipe)
        {
            page.Leaf("h3", "Recipe");
            page.Leaf("pre", recipe);
        }

        void Fact(string name, string value)
        {
            page.Leaf("dt", name);
            page.Leaf("dd", value);
        }
    }
}
