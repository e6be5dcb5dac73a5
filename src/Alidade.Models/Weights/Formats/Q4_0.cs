using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>Q4_0: a block is a scale d (F16) and 32 4-bit codes q; value = d · (q − 8).</summary>
/// <remarks>GGML, dequantize_row_q4_0. Byte j holds value j in its lower half and value 16 + j in its upper.</remarks>
internal sealed class Q4_0() : NumberFormat("Q4_0", 32, 18)
{
    public override bool CanEncode => true;

    /// <summary>d = the value of largest magnitude / −8, q = ⌊x / d + 8½⌋ up to 15.</summary>
    public override void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        for (; values.Length > 0; values = values[ValuesPerBlock..], blocks = blocks[BytesPerBlock..])
        {
            var codes = Rounding.Symmetric(values[..ValuesPerBlock], 8, out var scale);
            BinaryPrimitives.WriteHalfLittleEndian(blocks, (Half)scale);
            Rounding.Pack(codes, blocks[2..]);
        }
    }

    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        var offset = Vector128.Create((sbyte)8);
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
        {
            var scale = Codes.Half(blocks, 0);
            var (low, high) = Codes.Nibbles(blocks.Slice(2, 16));
            Codes.Scale(low.AsSByte() - offset, scale, values);
            Codes.Scale(high.AsSByte() - offset, scale, values[16..]);
        }
    }
}
