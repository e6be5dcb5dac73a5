using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>Q5_1: a block is a scale d and a minimum m (F16 each), 32 fifth bits and 32 4-bit codes; value = d · q + m, q of five bits.</summary>
/// <remarks>GGML, dequantize_row_q5_1. The 4-bit codes lie as in <see cref="Q4_1"/>; fifth bit j belongs to value j.</remarks>
internal sealed class Q5_1() : NumberFormat("Q5_1", 32, 24)
{
    public override bool CanEncode => true;

    /// <summary>m = min x, d = (max x − m) / 31, q = ⌊(x − m) / d + ½⌋.</summary>
    public override void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        for (; values.Length > 0; values = values[ValuesPerBlock..], blocks = blocks[BytesPerBlock..])
        {
            var codes = Rounding.FromMinimum(values[..ValuesPerBlock], 31, out var scale, out var minimum);
            BinaryPrimitives.WriteHalfLittleEndian(blocks, (Half)scale);
            BinaryPrimitives.WriteHalfLittleEndian(blocks[2..], (Half)minimum);
            Rounding.PackFive(codes, blocks[4..]);
        }
    }

    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
        {
            var (scale, minimum) = (Codes.Half(blocks, 0), Codes.Half(blocks, 2));
            var fifth = BinaryPrimitives.ReadUInt32LittleEndian(blocks[4..]);
            var (low, high) = Codes.Nibbles(blocks.Slice(8, 16));
            Codes.ScaleAndShift((low | Codes.FifthBits(fifth, 0)).AsSByte(), scale, minimum, values);
            Codes.ScaleAndShift((high | Codes.FifthBits(fifth, 16)).AsSByte(), scale, minimum, values[16..]);
        }
    }
}
