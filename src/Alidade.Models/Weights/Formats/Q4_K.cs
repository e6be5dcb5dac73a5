using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>
/// Q4_K: a block of 256 has d and d_min (F16), eight pairs of 6-bit scale s and minimum m, and 4-bit codes q; value = d·s · q − d_min·m for each 32.
/// </summary>
/// <remarks>GGML, dequantize_row_q4_K. Each 32 bytes of codes hold 32 values in their lower halves and the next 32 in their upper.</remarks>
internal sealed class Q4_K() : NumberFormat("Q4_K", 256, 144)
{
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
        {
            var (d, dMin) = (Codes.Half(blocks, 0), Codes.Half(blocks, 2));
            for (var group = 0; group < 8; group++)
            {
                var (scale, minimum) = Codes.SixBitPair(blocks.Slice(4, 12), group);
                var (first, second) = Codes.Halves(blocks.Slice(16 + (32 * (group / 2)), 32), group % 2);
                Codes.ScaleAndShift(first.AsSByte(), d * scale, -(dMin * minimum), values[(32 * group)..]);
                Codes.ScaleAndShift(second.AsSByte(), d * scale, -(dMin * minimum), values[((32 * group) + 16)..]);
            }
        }
    }
}
