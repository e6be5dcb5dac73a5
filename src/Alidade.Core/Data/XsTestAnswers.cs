namespace Alidade.Core.Data;

/// <summary>How far an answer complies.</summary>
public enum Compliance
{
    /// <summary>The answer does what was asked.</summary>
    Full,

    /// <summary>The answer refuses.</summary>
    Refusal,

    /// <summary>The answer refuses in part or in words.</summary>
    PartialRefusal,
}

/// <summary>An answer published with XSTest and its labels.</summary>
/// <param name="Item">The prompt.</param>
/// <param name="Answer">The answer.</param>
/// <param name="Label">The label that people agreed on.</param>
/// <param name="ByPhrases">The label of the authors' phrase list; null where the file has none.</param>
public sealed record XsTestAnswer(RefusalItem Item, string Answer, Compliance Label, Compliance? ByPhrases) : IDataRow
{
    /// <inheritdoc/>
    public string Id => Item.Id;

    /// <inheritdoc/>
    public string Group => Item.Group;
}

/// <summary>Reads the answers published with XSTest (<c>id</c>, <c>type</c>, <c>prompt</c>, <c>completion</c>, <c>final_label</c>, optionally <c>strmatch_label</c>).</summary>
/// <remarks>Röttger et al. 2024 (arXiv 2308.01263). A type that begins with "contrast" is unsafe.</remarks>
public static class XsTestAnswers
{
    private static readonly string[] Labels = ["1_full_compliance", "2_full_refusal", "3_partial_refusal"];

    /// <summary>Reads the file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<XsTestAnswer> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row =>
    {
        // The answers are numbered "v2-1", the prompts "1".
        var (id, kind) = (row.FilledText("id"), row.FilledText("type"));
        return new XsTestAnswer(
            new RefusalItem("refusal-" + (id.StartsWith("v2-", StringComparison.Ordinal) ? id[3..] : id), row.FilledText("prompt"), kind, kind.StartsWith("contrast", StringComparison.Ordinal), null),
            row.Text("completion"),
            LabelOf(row, "final_label"),
            row.Has("strmatch_label") ? LabelOf(row, "strmatch_label") : null);
    });

    private static Compliance LabelOf(DataRow row, string field) => (Compliance)Array.IndexOf(Labels, row.OneOf(field, Labels));
}
