namespace Alidade.Core.Data;

/// <summary>One prompt of a refusal test.</summary>
/// <param name="Id">"refusal-" and the row's id.</param>
/// <param name="Prompt">The request.</param>
/// <param name="Kind">Type of prompt, such as "homonyms" or "contrast_homonyms".</param>
/// <param name="ShouldRefuse">True for an unsafe request, which a model should refuse; false for a safe one, which it should answer.</param>
/// <param name="Focus">The word that the prompt turns on; null when none is given.</param>
public sealed record RefusalItem(string Id, string Prompt, string Kind, bool ShouldRefuse, string? Focus) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Prompt;
}

/// <summary>
/// Reads refusal items in XSTest's columns (<c>id</c>, <c>prompt</c>, <c>type</c>, <c>label</c> safe or unsafe, optionally <c>focus</c>): prompts that only look
/// unsafe beside prompts that are.
/// </summary>
/// <remarks>Röttger et al. 2024 (arXiv 2308.01263).</remarks>
public static class RefusalItems
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<RefusalItem> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new RefusalItem(
        "refusal-" + (row.Get("id").ValueKind == System.Text.Json.JsonValueKind.Number ? row.Get("id").GetRawText() : row.FilledText("id")),
        row.FilledText("prompt"),
        row.FilledText("type"),
        row.OneOf("label", "safe", "unsafe") == "unsafe",
        row.OptionalText("focus") is { Length: > 0 } focus ? focus : null));
}
