namespace Alidade.Core.Reports.Page;

/// <summary>What calibration says of the instruments behind the numbers of a page, in full.</summary>
internal static class CalibrationsTable
{
    private static readonly string[] Columns = ["Measure", "On models with planted failures"];

    /// <summary>Writes it; nothing where no instrument was calibrated.</summary>
    public static void Write(Markup page, IReadOnlyDictionary<string, IReadOnlyList<InstrumentCalibration>> calibrations)
    {
        if (calibrations.Count == 0)
            return;
        Table.Write(page, "How well the instruments behind the numbers find what is known to be there", Columns, () =>
        {
            foreach (var (measure, found) in calibrations)
                Table.Row(page, Columns, measure, InstrumentCalibration.Words(found));
        });
    }
}
