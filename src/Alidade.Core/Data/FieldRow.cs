using System.Text.Json;
using Alidade.Core.Data.Catalogue;

namespace Alidade.Core.Data;

/// <summary>A row as its fields, for a reader that learns their names from a task file.</summary>
/// <param name="Id">The field <c>id</c>, else a hash of all fields; copies are numbered.</param>
/// <param name="File">Path of its file.</param>
/// <param name="Line">Line on which it begins, from 1.</param>
/// <param name="Fields">Fields by name, in the order of the file.</param>
public sealed record FieldRow(string Id, string File, int Line, IReadOnlyDictionary<string, JsonElement> Fields) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Id;

    /// <summary>File and line, for errors.</summary>
    public string Place => $"{File}:{Line}";

    /// <summary>True when both have the same fields with the same values.</summary>
    public bool IsLike(FieldRow other) => Fields.Count == other.Fields.Count
        && Fields.All(f => other.Fields.TryGetValue(f.Key, out var value) && JsonElement.DeepEquals(f.Value, value));

    /// <summary>Reads files of one's own: .jsonl, .json, .csv, .tsv or .txt, plain or .gz.</summary>
    /// <param name="files">The files; ids differ over all of them.</param>
    /// <param name="form">What counts as a row; null for what names and first characters of the files tell.</param>
    /// <exception cref="AlidadeException">A file cannot be read or holds no rows, or a row is malformed.</exception>
    public static IReadOnlyList<FieldRow> Read(IReadOnlyList<string> files, RowForm? form = null) => Read([.. files.Select(f => (f, form))]);

    /// <summary>Reads published files.</summary>
    /// <param name="names">Their names in the catalogue.</param>
    /// <param name="find">Where a file lies, by its name.</param>
    /// <exception cref="AlidadeException">A file is absent, holds no rows, or a row is malformed.</exception>
    public static IReadOnlyList<FieldRow> Read(IReadOnlyList<string> names, Func<string, string> find) =>
        Read([.. names.Select(n => (find(n), DataCatalogue.File(n).Form))]);

    private static List<FieldRow> Read(IReadOnlyList<(string Path, RowForm? Form)> files)
    {
        var rows = new List<FieldRow>();
        var ids = new RowIds();
        var used = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, form) in files)
        {
            var before = rows.Count;
            foreach (var read in RowFile.Read(path, form ?? (RowFile.Kind(path) == ".txt" ? RowForm.Lines : RowFile.FormOf(path))))
            {
                var row = read();
                var id = ids.Of(row, [.. row.Fields.Select(f => f.Key + ":" + f.Value.GetRawText())]);
                if (!used.TryAdd(id, $"{path}:{row.Line}"))
                    throw new AlidadeException($"{path}:{row.Line}: the id '{id}' was used at {used[id]} already");
                rows.Add(new(id, path, row.Line, row.Fields));
            }

            if (rows.Count == before)
                throw new AlidadeException($"{path}: holds no rows");
        }

        return rows;
    }
}
