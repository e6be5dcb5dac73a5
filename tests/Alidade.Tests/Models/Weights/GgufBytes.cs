using System.Text;

namespace Alidade.Tests.Models.Weights;

/// <summary>Writes small GGUF files for tests: metadata of any type, F32 or raw tensors.</summary>
internal sealed class GgufBytes
{
    private readonly List<byte[]> metadata = [];
    private readonly List<(string Name, long[] Shape, uint Type, byte[] Data)> tensors = [];

    public GgufBytes With(string key, object value)
    {
        metadata.Add(Bytes(w =>
        {
            Text(w, key);
            w.Write(TypeOf(value.GetType()));
            Value(w, value);
        }));
        return this;
    }

    /// <param name="shape">Row-major.</param>
    public GgufBytes Tensor(string name, long[] shape, uint type, byte[] data)
    {
        tensors.Add((name, shape, type, data));
        return this;
    }

    public GgufBytes Floats(string name, long[] shape, params float[] values) =>
        Tensor(name, shape, 0, [.. values.SelectMany(BitConverter.GetBytes)]);

    public byte[] ToArray() => Bytes(w =>
    {
        w.Write("GGUF"u8);
        w.Write(3u);
        w.Write((long)tensors.Count);
        w.Write((long)metadata.Count);
        metadata.ForEach(w.Write);
        var offset = 0L;
        foreach (var (name, shape, type, data) in tensors)
        {
            Text(w, name);
            w.Write((uint)shape.Length);
            foreach (var size in shape.Reverse())
                w.Write(size);
            w.Write(type);
            w.Write(offset);
            offset += (data.Length + 31) / 32 * 32;
        }

        foreach (var (_, _, _, data) in tensors.Prepend(default))
        {
            w.Write(data ?? []);
            w.Write(new byte[(32 - (w.BaseStream.Position % 32)) % 32]);
        }
    });

    private static void Value(BinaryWriter w, object value)
    {
        switch (value)
        {
            case string text:
                Text(w, text);
                break;
            case Array array:
                w.Write(TypeOf(array.GetType().GetElementType()!));
                w.Write((long)array.Length);
                foreach (var item in array)
                    Value(w, item);
                break;
            default:
                // BinaryWriter has one overload for each of the format's numbers, little-endian like the format.
                ((dynamic)w).Write((dynamic)value);
                break;
        }
    }

    private static uint TypeOf(Type type) => type.IsArray ? 9u : (uint)Array.IndexOf(
        [
            typeof(byte), typeof(sbyte), typeof(ushort), typeof(short), typeof(uint), typeof(int), typeof(float), typeof(bool), typeof(string), null,
            typeof(ulong), typeof(long), typeof(double),
        ],
        type);

    private static void Text(BinaryWriter w, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        w.Write((long)bytes.Length);
        w.Write(bytes);
    }

    private static byte[] Bytes(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream))
            write(writer);
        return stream.ToArray();
    }
}
