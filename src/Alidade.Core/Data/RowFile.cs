using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Alidade.Core.Files;
using Sylvan.Data.Csv;

namespace Alidade.Core.Data;

/// <summary>Reads rows from JSON Lines, a JSON list, CSV (comma) or TSV (tab), each also compressed (.gz); UTF-8 with or without a byte-order mark.</summary>
internal static class RowFile
{
    private static readonly string[] Known = [".jsonl", ".json", ".csv", ".tsv"];

    /// <summary>The rows one by one; calling an element gives the row or throws what is wrong with it, so that a reader may count it and go on.</summary>
    public static IEnumerable<Func<DataRow>> Read(string path)
    {
        var name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        var kind = Path.GetExtension(name).ToLowerInvariant();
        if (!Known.Contains(kind))
            throw new AlidadeException($"'{path}': rows are read from {string.Join(", ", Known)} files, also with .gz");
        var rows = kind switch
        {
            ".csv" => Csv(path, ','),
            ".tsv" => Csv(path, '\t'),
            _ => JsonText(path),
        };
        return Guarded(path, rows);
    }

    // JSON Lines and a JSON list are told apart by the first character: published files carry either name.
    private static IEnumerable<Func<DataRow>> JsonText(string path)
    {
        bool isList;
        using (var reader = Open(path))
        {
            while (reader.Peek() is ' ' or '\t' or '\r' or '\n')
                reader.Read();
            isList = reader.Peek() == '[';
        }

        foreach (var row in isList ? JsonList(path) : JsonLines(path))
            yield return row;
    }

    private static IEnumerable<Func<DataRow>> JsonLines(string path)
    {
        using var reader = Open(path);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line))
                continue;
            var (at, text) = (number, line);
            yield return () => new DataRow(path, at, Fields(path, at, Parse(path, text, at)));
        }
    }

    private static IEnumerable<Func<DataRow>> JsonList(string path)
    {
        using var reader = Open(path);
        var list = Parse(path, reader.ReadToEnd(), 1);
        // The parser keeps no lines; a row is named by its number in the list.
        var number = 0;
        foreach (var item in list.EnumerateArray())
        {
            var (at, element) = (++number, item);
            yield return () => new DataRow(path + " (row)", at, Fields(path + " (row)", at, element));
        }
    }

    private static IEnumerable<Func<DataRow>> Csv(string path, char delimiter)
    {
        using var text = Open(path);
        using var csv = CsvDataReader.Create(text, new CsvDataReaderOptions
        {
            Delimiter = delimiter,
            HasHeaders = true,
            BufferSize = 1 << 16,
            MaxBufferSize = 1 << 26,
            ResultSetMode = ResultSetMode.SingleResult,
        });
        var names = Enumerable.Range(0, csv.FieldCount).Select(csv.GetName).ToArray();
        var line = 2 + names.Sum(n => n.Count(c => c == '\n'));
        while (csv.Read())
        {
            var values = Enumerable.Range(0, csv.RowFieldCount).Select(csv.GetString).ToArray();
            var at = line;
            line += 1 + values.Sum(v => v.Count(c => c == '\n'));
            if (values.Length == 0 || (values.Length == 1 && values[0].Length == 0 && names.Length > 1))
                continue;
            yield return () => values.Length == names.Length
                ? new DataRow(path, at, names.Zip(values).GroupBy(p => p.First).ToDictionary(g => g.Key, g => JsonSerializer.SerializeToElement(g.First().Second), StringComparer.Ordinal))
                : throw new DataRowException($"{path}:{at}: the row has {values.Length} fields, the header names {names.Length}", "wrong number of fields");
        }
    }

    private static JsonElement Parse(string path, string text, int line)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException exception)
        {
            var lines = text.Split('\n');
            var offset = (int)Math.Min(exception.LineNumber ?? 0, lines.Length - 1);
            // The parser counts bytes; a person counts characters.
            var bytes = Encoding.UTF8.GetBytes(lines[offset]);
            var column = Encoding.UTF8.GetCharCount(bytes, 0, (int)Math.Min(exception.BytePositionInLine ?? 0, bytes.Length)) + 1;
            var reason = exception.Message.Split(" LineNumber:", 2)[0].TrimEnd('.', ' ').ReplaceLineEndings(" ");
            throw new DataRowException($"{path}:{line + offset}: not JSON at column {column}: {reason}", "not JSON", inner: exception);
        }
        catch (InvalidOperationException exception)
        {
            // A lone half of a surrogate pair cannot be a .NET text.
            throw new DataRowException($"{path}:{line}: not JSON: {exception.Message.ReplaceLineEndings(" ")}", "not JSON", inner: exception);
        }
    }

    private static Dictionary<string, JsonElement> Fields(string path, int line, JsonElement row)
    {
        if (row.ValueKind != JsonValueKind.Object)
            throw new DataRowException($"{path}:{line}: a row is an object {{…}} with named fields; this is {row.ValueKind.ToString().ToLowerInvariant()}", "not an object");
        var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        // A few published files carry a byte-order mark inside the first name.
        foreach (var property in row.EnumerateObject())
            fields[property.Name.TrimStart('\uFEFF')] = property.Value;
        return fields;
    }

    private static StreamReader Open(string path)
    {
        Stream stream = InputFile.Open(path);
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            stream = new GZipStream(stream, CompressionMode.Decompress);
        return new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true));
    }

    // What the decoders below throw while reading becomes one line that names the file.
    private static IEnumerable<Func<DataRow>> Guarded(string path, IEnumerable<Func<DataRow>> rows)
    {
        using var each = rows.GetEnumerator();
        while (true)
        {
            try
            {
                if (!each.MoveNext())
                    yield break;
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

            yield return each.Current;
        }
    }
}
