using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>Q5_1: a block is a scale d and a minimum m (F16 each), 32 fifth bits and 32 4-bit codes; value = d · q + m, q of five bits.</summary>
/// <remarks>GGML, dequantize_row_q5_1. The 4-bit codes lie as in <see cref="Q4_1"/>; fifth bit j belongs to value j.</remarks>
internal sealed class Q5_1() : NumberFormat("Q5_1", 32, 24)
{
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
