using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>
/// Q2_K: a block of 256 has sixteen pairs of 4-bit scale s and minimum m, 2-bit codes q, and d and d_min (F16); value = d·s · q − d_min·m for each 16.
/// </summary>
/// <remarks>GGML, dequantize_row_q2_K. Bytes 32h…32h + 31 of the codes hold four runs of 32 values, two bits each.</remarks>
internal sealed class Q2_K() : NumberFormat("Q2_K", 256, 84)
{
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
        {
            var (d, dMin) = (Codes.Half(blocks, 80), Codes.Half(blocks, 82));
            for (var group = 0; group < 16; group++)
            {
                var (scale, minimum) = (d * (blocks[group] & 0x0F), dMin * (blocks[group] >> 4));
                Codes.ScaleAndShift(Codes.Pairs(blocks[16..], group).AsSByte(), scale, -minimum, values[(16 * group)..]);
            }
        }
    }
}
