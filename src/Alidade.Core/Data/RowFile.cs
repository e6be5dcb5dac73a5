using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Alidade.Core.Files;
using Sylvan.Data.Csv;

namespace Alidade.Core.Data;

/// <summary>Reads rows from JSON Lines, other JSON, CSV (comma), TSV (tab) or lines of text, each also compressed (.gz), or from Parquet; UTF-8 with or without a byte-order mark.</summary>
internal static class RowFile
{
    private static readonly string[] Known = [".jsonl", ".json", ".csv", ".tsv", ".parquet"];

    /// <summary>The rows one by one; calling an element gives the row or throws what is wrong with it, so that a reader may count it and go on.</summary>
    public static IEnumerable<Func<DataRow>> Read(string path) => Read(path, FormOf(path));

    /// <summary>The rows of a file whose form is known.</summary>
    public static IEnumerable<Func<DataRow>> Read(string path, RowForm form) => Guarded(path, form switch
    {
        RowForm.Table => Csv(path, null),
        RowForm.HeaderlessTable => Csv(path, []),
        RowForm.JsonLines => JsonRows.Lines(path),
        RowForm.JsonList => JsonRows.List(path),
        RowForm.JsonEntries => JsonRows.Entries(path),
        RowForm.JsonLeaves => JsonRows.Leaves(path),
        RowForm.Parquet => ParquetRows.Read(path),
        _ => Lines(path),
    });

    /// <summary>The rows of a CSV file that has no line of names.</summary>
    public static IEnumerable<Func<DataRow>> ReadHeaderless(string path, params string[] names) => Guarded(path, Csv(path, names));

    /// <summary>The lines of a text file that hold more than white space, each as a row with the one field "text"; lines end with LF, CR LF or CR.</summary>
    public static IEnumerable<Func<DataRow>> ReadLines(string path) => Read(path, RowForm.Lines);

    /// <summary>A file that is one JSON value.</summary>
    /// <exception cref="AlidadeException">The file is not JSON in UTF-8.</exception>
    public static JsonElement ReadDocument(string path) => Decoded(path, () => JsonRows.Document(path));

    /// <summary>The elements of a list inside of a JSON file as rows.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="list">The list.</param>
    /// <param name="place">Where in the file the list stands, for errors.</param>
    public static IEnumerable<Func<DataRow>> Elements(string path, JsonElement list, string place) => JsonRows.Elements(path, list, place);

    /// <summary>The form that a file's name and first character tell: published files of JSON Lines and of a JSON list carry either name.</summary>
    public static RowForm FormOf(string path) => Kind(path) switch
    {
        ".csv" or ".tsv" => RowForm.Table,
        ".parquet" => RowForm.Parquet,
        ".jsonl" or ".json" => Decoded(path, () => JsonRows.IsList(path)) ? RowForm.JsonList : RowForm.JsonLines,
        _ => throw new AlidadeException($"'{path}': rows are read from {string.Join(", ", Known)} files, also with .gz"),
    };

    /// <summary>The extension that tells the format, in lower case, without .gz.</summary>
    public static string Kind(string path) =>
        Path.GetExtension(path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path).ToLowerInvariant();

    /// <summary>Opens a file as text, decompressed.</summary>
    public static StreamReader Open(string path)
    {
        Stream stream = InputFile.Open(path);
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            stream = new GZipStream(stream, CompressionMode.Decompress);
        return new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true));
    }

    /// <summary>Reads; what the decoders throw becomes one line that names the file.</summary>
    public static T Decoded<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DecoderFallbackException exception)
        {
            throw new AlidadeException($"{path}: is not UTF-8 text; save it as UTF-8", exception);
        }
        catch (InvalidDataException exception)
        {
            throw new AlidadeException($"{path}: is broken or no gzip file: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
        catch (FormatException exception)
        {
            throw new AlidadeException($"{path}: is not CSV: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
        catch (IOException exception)
        {
            throw InputFile.CannotRead(path, exception);
        }
    }

    // Names that are given stand for a line of names; where none are, fields are numbered from 1.
    private static IEnumerable<Func<DataRow>> Csv(string path, string[]? given)
    {
        using var text = Open(path);
        using var csv = CsvDataReader.Create(text, new CsvDataReaderOptions
        {
            Delimiter = Kind(path) == ".tsv" ? '\t' : ',',
            HasHeaders = given is null,
            BufferSize = 1 << 16,
            MaxBufferSize = 1 << 26,
            ResultSetMode = ResultSetMode.SingleResult,
        });
        string[] names = given is { Length: > 0 } ? given : [.. Enumerable.Range(0, csv.FieldCount).Select(i => given is null ? csv.GetName(i) : $"{i + 1}")];
        var line = given is null ? 2 + names.Sum(n => n.Count(c => c == '\n')) : 1;
        while (csv.Read())
        {
            var values = Enumerable.Range(0, csv.RowFieldCount).Select(csv.GetString).ToArray();
            var at = line;
            line += 1 + values.Sum(v => v.Count(c => c == '\n'));
            if (values.Length == 0 || (values.Length == 1 && values[0].Length == 0 && names.Length > 1))
                continue;
            yield return () => values.Length == names.Length
                ? new DataRow(path, at, names.Zip(values).GroupBy(p => p.First).ToDictionary(g => g.Key, g => JsonSerializer.SerializeToElement(g.First().Second), StringComparer.Ordinal))
                : throw new DataRowException($"{path}:{at}: the row has {values.Length} fields, {(given is null ? "the header names" : "the format has")} {names.Length}", "wrong number of fields");
        }
    }

    private static IEnumerable<Func<DataRow>> Lines(string path)
    {
        using var reader = Open(path);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line))
                continue;
            var (at, text) = (number, line);
            yield return () => new DataRow(path, at, new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["text"] = JsonSerializer.SerializeToElement(text) });
        }
    }

    private static IEnumerable<Func<DataRow>> Guarded(string path, IEnumerable<Func<DataRow>> rows)
    {
        using var each = rows.GetEnumerator();
        while (Decoded(path, each.MoveNext))
            yield return each.Current;
    }
}
