using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>A topic, and what is said of it.</summary>
/// <param name="Id">The row's id, or a hash of its content.</param>
/// <param name="Topic">The topic, such as a person's name.</param>
/// <param name="Output">The text about it; null when the evaluated model is to write it.</param>
/// <param name="Facts">The text's atomic facts; null when a judge is to find them.</param>
public sealed record FactRow(string Id, string Topic, string? Output, IReadOnlyList<string>? Facts) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Topic;

    /// <summary>Reads rows {topic, output?, facts?, id?}; facts without a text are an error.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<FactRow> Read(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row =>
        {
            var (topic, output) = (row.FilledText("topic"), row.OptionalText("output"));
            var facts = !row.Has("facts") ? null
                : row.Get("facts") is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().All(f => f.ValueKind == JsonValueKind.String)
                    ? list.EnumerateArray().Select(f => f.GetString()!).ToArray()
                    : throw row.WrongType("facts", "a list of texts");
            return facts is not null && output is null
                ? throw row.Error("output", "is missing, but 'facts' are given; facts are those of a text", "facts without a text")
                : new FactRow(ids.Of(row, topic, output ?? "", string.Join('\n', facts ?? [])), topic, output, facts);
        });
    }
}

/// <summary>A page of a knowledge source.</summary>
/// <param name="Id">The row's id, or a hash of its content.</param>
/// <param name="Title">The page's title.</param>
/// <param name="Text">The page's text.</param>
public sealed record KnowledgePage(string Id, string Title, string Text) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Title;

    /// <summary>Reads rows {title, text, id?}.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<KnowledgePage> Read(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row => new KnowledgePage(ids.Of(row, row.FilledText("title"), row.Text("text")), row.FilledText("title"), row.FilledText("text")));
    }
}
