using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core.Files;
using Parquet;
using Parquet.Serialization;

namespace Alidade.Core.Data;

/// <summary>The rows of Parquet files; lists and structures become JSON lists and objects.</summary>
internal static class ParquetRows
{
    // A file of a few bytes can name any number of rows; what is read is held in memory whole.
    private const long MostBytes = 4L << 30;

    private static readonly byte[] Magic = "PAR1"u8.ToArray();

    // The library has these for the whole process.
    static ParquetRows()
    {
        ParquetOptions.PreferUntypedString = true;
        ParquetOptions.PreferUntypedByteArray = true;
    }

    public static IEnumerable<Func<DataRow>> Read(string path)
    {
        var place = $"{path} (row)";
        var number = 0;
        foreach (var group in Groups(path))
            foreach (var fields in group)
            {
                var (at, row) = (++number, fields);
                yield return () => new DataRow(place, at, row.ToDictionary(f => f.Key, f => JsonSerializer.SerializeToElement(Node(f.Value)), StringComparer.Ordinal));
            }
    }

    private static IEnumerable<IReadOnlyList<IDictionary<string, object?>>> Groups(string path)
    {
        using var stream = InputFile.Open(path);
        Check(path, stream);
        for (var group = 0; group < Decoded(path, () => Count(stream)); group++)
            yield return Decoded(path, () => Group(stream, group));
    }

    private static void Check(string path, Stream stream)
    {
        var mark = new byte[Magic.Length];
        if (stream.Length > MostBytes)
            throw new AlidadeException($"{path}: holds {stream.Length / 1e9:f1} GB; Parquet files of more than {MostBytes / 1e9:f1} GB are not read: split it");
        if (stream.ReadAtLeast(mark, mark.Length, throwOnEndOfStream: false) < mark.Length || !mark.AsSpan().SequenceEqual(Magic))
            throw new AlidadeException($"{path}: is not a Parquet file");
        stream.Position = 0;
    }

    private static int Count(Stream stream)
    {
        var reader = ParquetReader.CreateAsync(stream, null, leaveStreamOpen: true).GetAwaiter().GetResult();
        try
        {
            return reader.RowGroupCount;
        }
        finally
        {
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static List<IDictionary<string, object?>> Group(Stream stream, int group)
    {
        stream.Position = 0;
        var read = ParquetSerializer.DeserializeUntypedAsync(stream, null, group).GetAwaiter().GetResult();
        return [.. read.Data.Cast<IDictionary<string, object?>>()];
    }

    private static JsonNode? Node(object? value) => value switch
    {
        null or DBNull => null,
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        sbyte or byte or short or ushort or int or uint or long => JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        ulong large => JsonValue.Create(large),
        decimal exact => JsonValue.Create(exact),
        float or double when double.IsFinite(Convert.ToDouble(value, CultureInfo.InvariantCulture)) => JsonValue.Create(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        float or double => JsonValue.Create(Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)),
        DateTime time => JsonValue.Create(time.ToString("o", CultureInfo.InvariantCulture)),
        byte[] bytes => JsonValue.Create(Convert.ToBase64String(bytes)),
        ReadOnlyMemory<char> text => JsonValue.Create(text.ToString()),
        IDictionary map => new JsonObject(map.Keys.Cast<object>().Select(k => KeyValuePair.Create(Convert.ToString(k, CultureInfo.InvariantCulture)!, Node(map[k])))),
        IEnumerable many => new JsonArray([.. many.Cast<object?>().Select(Node)]),
        _ => JsonValue.Create(Convert.ToString(value, CultureInfo.InvariantCulture)),
    };

    // The library throws whatever its decoders meet in a broken file.
    private static T Decoded<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is not AlidadeException)
        {
            throw new AlidadeException($"{path}: is broken, or of a kind of Parquet that is not read: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }
}
