using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Alidade.Models.Weights.Formats;

/// <summary>Numbers stored one by one, little-endian, in a type that the language has: F64, F32, F16 and the integers.</summary>
internal sealed class PlainFormat<T>(string name) : NumberFormat(name, 1, Unsafe.SizeOf<T>())
    where T : unmanaged, INumber<T>
{
    public override bool IsInteger => default(T) is not (double or float or Half);

    public override bool CanEncode => !IsInteger;

    /// <summary>Rounds to the nearest, ties to even; beyond the largest F16 is infinity.</summary>
    public override void Encode(ReadOnlySpan<float> values, Span<byte> blocks) => TensorPrimitives.ConvertTruncating(values, MemoryMarshal.Cast<byte, T>(blocks));

    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values) => Convert(blocks, values);

    public override void Decode(ReadOnlySpan<byte> blocks, Span<double> values) => Convert(blocks, values);

    public override void Decode(ReadOnlySpan<byte> blocks, Span<long> values) => Convert(blocks, values);

    private static void Convert<TValue>(ReadOnlySpan<byte> blocks, Span<TValue> values)
        where TValue : INumberBase<TValue> =>
        TensorPrimitives.ConvertChecked(MemoryMarshal.Cast<byte, T>(blocks), values);
}
