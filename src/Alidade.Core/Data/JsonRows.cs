using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>The rows of JSON files in their several forms (<see cref="RowForm"/>).</summary>
internal static class JsonRows
{
    /// <summary>True when the first character that is no white space opens a list.</summary>
    public static bool IsList(string path)
    {
        using var reader = RowFile.Open(path);
        while (reader.Peek() is ' ' or '\t' or '\r' or '\n')
            reader.Read();
        return reader.Peek() == '[';
    }

    /// <summary>True when the whole file is one object.</summary>
    public static bool IsObject(string path)
    {
        using var reader = RowFile.Open(path);
        try
        {
            using var document = JsonDocument.Parse(reader.ReadToEnd());
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The one value of a file.</summary>
    public static JsonElement Document(string path)
    {
        using var reader = RowFile.Open(path);
        return Parse(path, reader.ReadToEnd(), 1);
    }

    public static IEnumerable<Func<DataRow>> Lines(string path)
    {
        using var reader = RowFile.Open(path);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line))
                continue;
            var (at, text) = (number, line);
            yield return () => new DataRow(path, at, Fields(path, at, Parse(path, text, at)));
        }
    }

    public static IEnumerable<Func<DataRow>> List(string path) => Elements(path, Document(path), "row");

    public static IEnumerable<Func<DataRow>> Elements(string path, JsonElement list, string place)
    {
        if (list.ValueKind != JsonValueKind.Array)
            throw new AlidadeException($"{path}: {place} is no list of rows");
        // The parser keeps no lines; a row is named by its number.
        var number = 0;
        foreach (var item in list.EnumerateArray())
        {
            var (at, element) = (++number, item);
            yield return () => new DataRow($"{path} ({place})", at, Fields($"{path} ({place})", at, element));
        }
    }

    public static IEnumerable<Func<DataRow>> Entries(string path) =>
        Object(path).EnumerateObject().Select((member, i) => (Func<DataRow>)(() => KeyAndValue(path, i + 1, () => member.Name, member.Value)));

    public static IEnumerable<Func<DataRow>> Leaves(string path) =>
        LeavesOf([], Object(path)).Select((leaf, i) => (Func<DataRow>)(() => KeyAndValue(path, i + 1, () => string.Join('/', leaf.Way.Select(m => m.Name)), leaf.Value)));

    private static IEnumerable<(JsonProperty[] Way, JsonElement Value)> LeavesOf(JsonProperty[] way, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => LeavesOf([.. way, member], member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(item => item.ValueKind == JsonValueKind.Array ? LeavesOf(way, item) : [(way, item)]),
        _ => [(way, element)],
    };

    private static DataRow KeyAndValue(string path, int number, Func<string> key, JsonElement value)
    {
        var place = $"{path} (row)";
        return new(place, number, new Dictionary<string, JsonElement>(StringComparer.Ordinal)
        {
            ["key"] = JsonSerializer.SerializeToElement(Decoded(place, number, key).TrimStart('\uFEFF')),
            ["value"] = Checked(place, number, "value", value),
        });
    }

    private static JsonElement Object(string path) => Document(path) is { ValueKind: JsonValueKind.Object } value ? value : throw new AlidadeException($"{path}: is not one JSON object");

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
    }

    private static Dictionary<string, JsonElement> Fields(string path, int line, JsonElement row)
    {
        if (row.ValueKind != JsonValueKind.Object)
            throw new DataRowException($"{path}:{line}: a row is an object {{…}} with named fields; this is {row.ValueKind.ToString().ToLowerInvariant()}", "not an object");
        var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        // A few published files carry a byte-order mark inside the first name.
        foreach (var property in row.EnumerateObject())
        {
            var name = Decoded(path, line, () => property.Name).TrimStart('\uFEFF');
            fields[name] = Checked(path, line, name, property.Value);
        }

        return fields;
    }

    // A lone half of a surrogate pair, which only an escape can write, cannot be a .NET text; that shows when the text is asked for, so it is asked for here.
    private static string Decoded(string path, int line, Func<string?> text, string where = "the name of a field")
    {
        try
        {
            return text()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new DataRowException($"{path}:{line}: {where} holds half of a surrogate pair, which is not Unicode", "not Unicode", inner: exception);
        }
    }

    private static JsonElement Checked(string path, int line, string field, JsonElement value)
    {
        if (JsonMarshal.GetRawUtf8Value(value).IndexOf("\\u"u8) < 0)
            return value;
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                Decoded(path, line, value.GetString, $"field '{field}'");
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                    Checked(path, line, field, item);
                break;
            default:
                foreach (var member in value.EnumerateObject())
                {
                    Decoded(path, line, () => member.Name, $"field '{field}'");
                    Checked(path, line, field, member.Value);
                }

                break;
        }

        return value;
    }
}
