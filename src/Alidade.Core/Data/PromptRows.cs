namespace Alidade.Core.Data;

/// <summary>A prompt that a model is to answer.</summary>
/// <param name="Id">The row's id, or a hash of its content.</param>
/// <param name="Text">The prompt.</param>
public sealed record PromptRow(string Id, string Text) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Text;

    /// <summary>Reads rows {prompt, id?}.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<PromptRow> Read(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row => new PromptRow(ids.Of(row, row.FilledText("prompt")), row.FilledText("prompt")));
    }
}
