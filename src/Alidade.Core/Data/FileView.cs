using System.Text.Json;
using Alidade.Core.Data.Catalogue;
using Alidade.Core.Files;

namespace Alidade.Core.Data;

/// <summary>A field of a file's rows.</summary>
/// <param name="Name">Its name; empty for a column without one.</param>
/// <param name="Kinds">What its values are ("a text", "a number", "true or false", "a list", "an object"), the commonest first; null is none.</param>
/// <param name="Filled">Rows in which it is there, not null and no empty text.</param>
public sealed record FieldView(string Name, IReadOnlyList<string> Kinds, int Filled);

/// <summary>What a data file holds: its fields, the number of its rows, and the first of them.</summary>
public sealed record FileView
{
    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>Its name in the catalogue; null for a file of one's own.</summary>
    public string? Published { get; init; }

    /// <summary>What counts as a row.</summary>
    public required RowForm Form { get; init; }

    /// <summary>Rows in all.</summary>
    public required int Rows { get; init; }

    /// <summary>Fields in the order in which they first appear.</summary>
    public required IReadOnlyList<FieldView> Fields { get; init; }

    /// <summary>The first rows, field by field.</summary>
    public required IReadOnlyList<IReadOnlyDictionary<string, JsonElement>> FirstRows { get; init; }

    /// <summary>Size.</summary>
    public required long Bytes { get; init; }

    /// <summary>SHA-256 of its content.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Looks at a file of one's own.</summary>
    /// <param name="path">A .jsonl, .json, .csv, .tsv or .txt file, plain or .gz.</param>
    /// <param name="firstRows">Rows to show.</param>
    /// <exception cref="AlidadeException">The file cannot be read, or a row is malformed; file, line and field are told.</exception>
    public static FileView Of(string path, int firstRows) => Read(path, FormOf(path), firstRows);

    /// <summary>Looks at a published file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="home">Where it lies.</param>
    /// <param name="firstRows">Rows to show.</param>
    /// <exception cref="AlidadeException">It is not there, or not as published.</exception>
    public static FileView Of(PublishedFile file, DataHome home, int firstRows)
    {
        var path = home.Find(file.Name);
        return Read(path, file.Form ?? FormOf(path), firstRows) with { Published = file.Name };
    }

    private static FileView Read(string path, RowForm form, int firstRows)
    {
        if (firstRows < 0)
            throw new AlidadeException($"{firstRows} rows cannot be shown; 0 or more can");
        var fields = new OrderedDictionary<string, FieldCount>(StringComparer.Ordinal);
        var first = new List<IReadOnlyDictionary<string, JsonElement>>();
        var rows = 0;
        foreach (var read in RowFile.Read(path, form))
        {
            var row = read().Fields;
            if (rows++ < firstRows)
                first.Add(row);
            foreach (var (name, value) in row)
            {
                if (!fields.TryGetValue(name, out var count))
                    fields[name] = count = new();
                count.Add(value);
            }
        }

        var hashed = HashedFile.Of("data", path);
        return new()
        {
            Path = path,
            Form = form,
            Rows = rows,
            Fields = [.. fields.Select(f => f.Value.View(f.Key))],
            FirstRows = first,
            Bytes = hashed.Bytes,
            Sha256 = hashed.Sha256,
        };
    }

    // To look at a file is to take it for more than the readers of rows do: text, and an object with an entry a row.
    private static RowForm FormOf(string path) => RowFile.Kind(path) switch
    {
        ".txt" => RowForm.Lines,
        ".json" when RowFile.Decoded(path, () => JsonRows.IsObject(path)) => RowForm.JsonEntries,
        _ => RowFile.FormOf(path),
    };

    private sealed class FieldCount
    {
        private readonly Dictionary<string, int> kinds = new(StringComparer.Ordinal);
        private int filled;

        public void Add(JsonElement value)
        {
            if (value.ValueKind == JsonValueKind.Null)
                return;
            kinds[DataRow.KindOf(value)] = kinds.GetValueOrDefault(DataRow.KindOf(value)) + 1;
            filled += value.ValueKind == JsonValueKind.String && value.ValueEquals("") ? 0 : 1;
        }

        public FieldView View(string name) => new(name, [.. kinds.OrderByDescending(k => k.Value).Select(k => k.Key)], filled);
    }
}
