using System.Buffers;
using System.Runtime.InteropServices;
using Alidade.Models.Weights.Formats;

namespace Alidade.Models.Weights;

/// <summary>A tensor to be written: its description, and how to write its bytes when its turn comes.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Shape">Row-major; empty for a scalar.</param>
/// <param name="Format">As safetensors names it: F32, F16, BF16, I64, U8, …</param>
/// <param name="Write">Writes exactly the tensor's bytes, little-endian. Called once.</param>
public sealed record TensorSource(string Name, IReadOnlyList<long> Shape, string Format, Action<Stream> Write)
{
    /// <summary>32-bit floats as they are.</summary>
    public static TensorSource Float32(string name, IReadOnlyList<long> shape, ReadOnlyMemory<float> values) => Bytes(name, shape, "F32", values);

    /// <summary>32-bit floats rounded to the nearest 16-bit float, ties to even; beyond ±65,504 that is an infinity.</summary>
    public static TensorSource Float16(string name, IReadOnlyList<long> shape, ReadOnlyMemory<float> values) =>
        Rounded(name, shape, "F16", values, static value => BitConverter.HalfToUInt16Bits((Half)value));

    /// <summary>32-bit floats rounded to the nearest BF16, ties to even.</summary>
    public static TensorSource BFloat16(string name, IReadOnlyList<long> shape, ReadOnlyMemory<float> values) =>
        Rounded(name, shape, "BF16", values, Formats.BFloat16.Round);

    /// <summary>64-bit integers.</summary>
    public static TensorSource Int64(string name, IReadOnlyList<long> shape, ReadOnlyMemory<long> values) => Bytes(name, shape, "I64", values);

    /// <summary>Bytes.</summary>
    public static TensorSource UInt8(string name, IReadOnlyList<long> shape, ReadOnlyMemory<byte> values) => Bytes(name, shape, "U8", values);

    private static TensorSource Bytes<T>(string name, IReadOnlyList<long> shape, string format, ReadOnlyMemory<T> values)
        where T : unmanaged =>
        new(name, shape, format, stream =>
        {
            // In pieces, because a span of bytes ends at 2 GiB.
            const int Step = 1 << 20;
            for (var done = 0; done < values.Length; done += Step)
                stream.Write(MemoryMarshal.AsBytes(values.Span.Slice(done, Math.Min(Step, values.Length - done))));
        });

    private static TensorSource Rounded(string name, IReadOnlyList<long> shape, string format, ReadOnlyMemory<float> values, Func<float, ushort> round) =>
        new(name, shape, format, stream =>
        {
            const int Step = 1 << 16;
            var rounded = ArrayPool<ushort>.Shared.Rent(Step);
            for (var done = 0; done < values.Length; done += Step)
            {
                var from = values.Span.Slice(done, Math.Min(Step, values.Length - done));
                for (var i = 0; i < from.Length; i++)
                    rounded[i] = round(from[i]);
                stream.Write(MemoryMarshal.AsBytes(rounded.AsSpan(0, from.Length)));
            }

            ArrayPool<ushort>.Shared.Return(rounded);
        });
}
