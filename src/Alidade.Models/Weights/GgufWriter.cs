using System.Text;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models.Weights.Formats;

namespace Alidade.Models.Weights;

/// <summary>Writes a GGUF file, version 3, whole or not at all. Tensors are streamed one after the other; only the head is held in memory.</summary>
/// <remarks>The format of ggml (docs/gguf.md), with the usual alignment of 32 bytes.</remarks>
public static class GgufWriter
{
    private const int Alignment = 32;
    private const uint StringType = 8;
    private const uint ArrayType = 9;

    /// <summary>Writes metadata and tensors in the order given.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="metadata">Values of the types that <see cref="GgufFile.Metadata"/> has, each key once.</param>
    /// <param name="tensors">Each name once; formats as GGUF names them.</param>
    /// <exception cref="AlidadeException">The disk is full or the file cannot be written; the old file, if there was one, stands.</exception>
    /// <exception cref="ArgumentException">A key or name is given twice, a value has a type that the format has not, a row is no whole number of blocks.</exception>
    /// <exception cref="InvalidOperationException">A tensor wrote another number of bytes than its shape takes.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, object> metadata, IReadOnlyList<TensorSource> tensors)
    {
        var placed = Place(tensors);
        var head = Head(metadata, placed);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(head);
            foreach (var (source, _, bytes, _) in placed)
            {
                var start = stream.Position;
                source.Write(stream);
                if (stream.Position - start != bytes)
                    throw new InvalidOperationException($"tensor '{source.Name}' wrote {stream.Position - start} bytes; {Shown.Shape(source.Shape)} of {source.Format} takes {bytes}");
                Pad(stream, bytes);
            }
        });
    }

    private static List<(TensorSource Source, uint Type, long Bytes, long Offset)> Place(IReadOnlyList<TensorSource> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var placed = new List<(TensorSource, uint, long, long)>();
        var offset = 0L;
        foreach (var source in tensors)
        {
            if (!names.Add(source.Name))
                throw new ArgumentException($"tensor name '{source.Name}' is given twice", nameof(tensors));
            var (type, format) = GgufFormats.ByName(source.Format) ?? throw new ArgumentException($"tensor '{source.Name}': GGUF has no format '{source.Format}'", nameof(tensors));
            var count = source.Shape.Any(size => size < 0) ? -1 : TensorTable.CountOf(source.Shape);
            if (count < 0 || source.Shape.Count > 4 || (source.Shape.Count > 0 ? source.Shape[^1] : 1) % format.ValuesPerBlock != 0)
                throw new ArgumentException($"tensor '{source.Name}': no GGUF file can hold {Shown.Shape(source.Shape)} of {source.Format}", nameof(tensors));
            var bytes = format.BytesOf(count);
            placed.Add((source, type, bytes, offset));
            offset += (bytes + Alignment - 1) / Alignment * Alignment;
        }

        return placed;
    }

    private static byte[] Head(IReadOnlyDictionary<string, object> metadata, List<(TensorSource Source, uint Type, long Bytes, long Offset)> tensors)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((long)tensors.Count);
        writer.Write((long)metadata.Count);
        foreach (var (key, value) in metadata)
        {
            Text(writer, key);
            Value(writer, key, value);
        }

        foreach (var (source, type, _, offset) in tensors)
        {
            Text(writer, source.Name);
            writer.Write((uint)source.Shape.Count);
            foreach (var size in source.Shape.Reverse())
                writer.Write(size);
            writer.Write(type);
            writer.Write(offset);
        }

        writer.Flush();
        Pad(stream, stream.Position);
        return stream.ToArray();
    }

    private static void Value(BinaryWriter writer, string key, object value)
    {
        if (value is not Array array)
        {
            writer.Write(TypeOf(key, value.GetType()));
            Plain(writer, value);
            return;
        }

        writer.Write(ArrayType);
        writer.Write(TypeOf(key, value.GetType().GetElementType()!));
        writer.Write((long)array.Length);
        foreach (var item in array)
            Plain(writer, item);
    }

    private static void Plain(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case byte number: writer.Write(number); break;
            case sbyte number: writer.Write(number); break;
            case ushort number: writer.Write(number); break;
            case short number: writer.Write(number); break;
            case uint number: writer.Write(number); break;
            case int number: writer.Write(number); break;
            case float number: writer.Write(number); break;
            case bool flag: writer.Write(flag); break;
            case ulong number: writer.Write(number); break;
            case long number: writer.Write(number); break;
            case double number: writer.Write(number); break;
            default: Text(writer, (string)value); break;
        }
    }

    private static uint TypeOf(string key, Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => 0,
        TypeCode.SByte => 1,
        TypeCode.UInt16 => 2,
        TypeCode.Int16 => 3,
        TypeCode.UInt32 => 4,
        TypeCode.Int32 => 5,
        TypeCode.Single => 6,
        TypeCode.Boolean => 7,
        TypeCode.String => StringType,
        TypeCode.UInt64 => 10,
        TypeCode.Int64 => 11,
        TypeCode.Double => 12,
        _ => throw new ArgumentException($"metadata '{key}': GGUF has no values of type {type.Name}", nameof(type)),
    };

    private static void Text(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }

    private static void Pad(Stream stream, long after) => stream.Write(new byte[(Alignment - (after % Alignment)) % Alignment]);
}
