namespace Alidade.Core.Data;

/// <summary>A document and a summary of it, or a claim that it should support.</summary>
/// <param name="Id">The row's id, or a hash of its content.</param>
/// <param name="Document">The document.</param>
/// <param name="Summary">The summary; null when the evaluated model is to write it.</param>
/// <param name="Human">What people say of the summary's consistency, larger for better; null when nobody was asked.</param>
/// <param name="System">What wrote the summary; null when that is not told.</param>
public sealed record SummaryRow(string Id, string Document, string? Summary, double? Human, string? System) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Document;

    /// <summary>Reads rows {document, summary?, human?, system?, id?}.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<SummaryRow> Read(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row =>
        {
            var (document, summary, system) = (row.FilledText("document"), row.OptionalText("summary"), row.OptionalText("system"));
            return new SummaryRow(ids.Of(row, document, summary ?? "", system ?? ""), document, summary, row.OptionalNumber("human"), system);
        });
    }
}
