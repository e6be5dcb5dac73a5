using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models.Weights.Formats;

namespace Alidade.Models.Weights;

/// <summary>
/// Writes a safetensors file whole or not at all. Tensors are streamed one after the other; only the header is held in memory.
/// </summary>
public static class SafetensorsWriter
{
    /// <summary>
    /// Writes the tensors, wide formats first and otherwise in the order given, so that each starts at a multiple of its numbers' size, as the reference
    /// writer does.
    /// </summary>
    /// <param name="path">The file to make or replace; folders on the way are made.</param>
    /// <param name="tensors">Each name once.</param>
    /// <param name="metadata">Free text for the header; null for none.</param>
    /// <exception cref="AlidadeException">The disk is full or the file cannot be written; the old file, if there was one, stands.</exception>
    /// <exception cref="ArgumentException">A name is given twice or is the one kept for metadata, a format is unknown, a shape is negative.</exception>
    /// <exception cref="InvalidOperationException">A tensor wrote another number of bytes than its shape takes.</exception>
    public static void Write(string path, IEnumerable<TensorSource> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var sources = tensors.Select(source => (Source: source, Bytes: BytesOf(source))).OrderByDescending(t => FormatOf(t.Source).BytesPerBlock).ToArray();
        var names = new HashSet<string>(StringComparer.Ordinal) { SafetensorsHeader.MetadataName };
        foreach (var (source, _) in sources)
            if (!names.Add(source.Name))
                throw new ArgumentException($"tensor name '{source.Name}' is given twice or is kept for metadata", nameof(tensors));

        var header = Header(sources, metadata);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach (var (source, bytes) in sources)
            {
                var start = stream.Position;
                source.Write(stream);
                var written = stream.Position - start;
                if (written != bytes)
                    throw new InvalidOperationException($"tensor '{source.Name}' wrote {written} bytes; {Shown.Shape(source.Shape)} of {source.Format} takes {bytes}");
            }
        });
    }

    private static byte[] Header((TensorSource Source, long Bytes)[] sources, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(SafetensorsHeader.MetadataName);
                foreach (var (key, text) in metadata)
                    json.WriteString(key, text);
                json.WriteEndObject();
            }

            var offset = 0L;
            foreach (var (source, bytes) in sources)
            {
                json.WriteStartObject(source.Name);
                json.WriteString("dtype", source.Format);
                WriteNumbers(json, "shape", source.Shape);
                WriteNumbers(json, "data_offsets", [offset, offset + bytes]);
                json.WriteEndObject();
                offset += bytes;
            }

            json.WriteEndObject();
        }

        // Spaces up to a multiple of eight, so that the data are aligned.
        var length = (buffer.WrittenCount + 7) / 8 * 8;
        var header = new byte[8 + length];
        header.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(header, length);
        buffer.WrittenSpan.CopyTo(header.AsSpan(8));
        return header;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IReadOnlyList<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private static NumberFormat FormatOf(TensorSource source) =>
        SafetensorsFormats.ByName.TryGetValue(source.Format, out var format)
            ? format
            : throw new ArgumentException(
                $"tensor '{source.Name}': format '{source.Format}' is unknown; there are {string.Join(", ", SafetensorsFormats.ByName.Keys)}",
                nameof(source));

    internal static long BytesOf(TensorSource source)
    {
        var format = FormatOf(source);
        var count = source.Shape.Any(size => size < 0) ? -1 : TensorTable.CountOf(source.Shape);
        var bytes = count < 0 || count % format.ValuesPerBlock != 0 ? -1 : format.BytesOf(count);
        return bytes >= 0
            ? bytes
            : throw new ArgumentException($"tensor '{source.Name}': no file can hold {Shown.Shape(source.Shape)} of {source.Format}", nameof(source));
    }
}
