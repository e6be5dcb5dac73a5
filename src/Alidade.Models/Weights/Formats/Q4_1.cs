using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>Q4_1: a block is a scale d and a minimum m (F16 each) and 32 4-bit codes q; value = d · q + m.</summary>
/// <remarks>GGML, dequantize_row_q4_1. Byte j holds value j in its lower half and value 16 + j in its upper.</remarks>
internal sealed class Q4_1() : NumberFormat("Q4_1", 32, 20)
{
    public override bool CanEncode => true;

    /// <summary>m = min x, d = (max x − m) / 15, q = ⌊(x − m) / d + ½⌋.</summary>
    public override void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        for (; values.Length > 0; values = values[ValuesPerBlock..], blocks = blocks[BytesPerBlock..])
        {
            var codes = Rounding.FromMinimum(values[..ValuesPerBlock], 15, out var scale, out var minimum);
            BinaryPrimitives.WriteHalfLittleEndian(blocks, (Half)scale);
            BinaryPrimitives.WriteHalfLittleEndian(blocks[2..], (Half)minimum);
            Rounding.Pack(codes, blocks[4..]);
        }
    }

    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
        {
            var (scale, minimum) = (Codes.Half(blocks, 0), Codes.Half(blocks, 2));
            var (low, high) = Codes.Nibbles(blocks.Slice(4, 16));
            Codes.ScaleAndShift(low.AsSByte(), scale, minimum, values);
            Codes.ScaleAndShift(high.AsSByte(), scale, minimum, values[16..]);
        }
    }
}
