namespace Alidade.Core.Data;

/// <summary>What counts as a row of a file.</summary>
public enum RowForm
{
    /// <summary>CSV or TSV: every record below the header line.</summary>
    Table,

    /// <summary>CSV or TSV without a header line: every record, its fields named "1", "2", ….</summary>
    HeaderlessTable,

    /// <summary>Every line that is not blank: a JSON object.</summary>
    JsonLines,

    /// <summary>One JSON list: every item, an object.</summary>
    JsonList,

    /// <summary>One JSON object: every member, with the fields "key" and "value".</summary>
    JsonEntries,

    /// <summary>JSON objects in one another: every item of the lists at their ends, with the fields "key" (the names on the way, joined by '/') and "value".</summary>
    JsonLeaves,

    /// <summary>Text: every line that is not blank, in the field "text".</summary>
    Lines,

    /// <summary>Parquet: every row of every row group.</summary>
    Parquet,
}
