using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>BF16: the upper 16 bits of a 32-bit float.</summary>
internal sealed class BFloat16() : NumberFormat("BF16", 1, 2)
{
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        var source = MemoryMarshal.Cast<byte, ushort>(blocks);
        ref var from = ref MemoryMarshal.GetReference(source);
        ref var to = ref MemoryMarshal.GetReference(values);
        var i = 0;
        for (; i <= source.Length - Vector128<ushort>.Count; i += Vector128<ushort>.Count)
        {
            var (low, high) = Vector128.Widen(Vector128.LoadUnsafe(ref from, (nuint)i));
            (low << 16).AsSingle().StoreUnsafe(ref to, (nuint)i);
            (high << 16).AsSingle().StoreUnsafe(ref to, (nuint)(i + Vector128<float>.Count));
        }

        for (; i < source.Length; i++)
            values[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }

    public override bool CanEncode => true;

    public override void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        var rounded = MemoryMarshal.Cast<byte, ushort>(blocks);
        for (var i = 0; i < values.Length; i++)
            rounded[i] = Round(values[i]);
    }

    /// <summary>The nearest BF16, ties to the one whose last bit is 0; a not-a-number stays one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        // Adding to a not-a-number could carry into the sign; its quiet bit keeps it one when the lower half is cut off.
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
