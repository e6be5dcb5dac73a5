using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>
/// Q5_K: as <see cref="Q4_K"/>, with a fifth bit for each code; value = d·s · q − d_min·m for each 32.
/// </summary>
/// <remarks>GGML, dequantize_row_q5_K. Bit b of byte j of the 32 bytes before the codes is the fifth bit of value 32b + j.</remarks>
internal sealed class Q5_K() : NumberFormat("Q5_K", 256, 176)
{
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
        {
            var (d, dMin) = (Codes.Half(blocks, 0), Codes.Half(blocks, 2));
            for (var group = 0; group < 8; group++)
            {
                var (scale, minimum) = Codes.SixBitPair(blocks.Slice(4, 12), group);
                var (first, second) = Codes.Halves(blocks.Slice(48 + (32 * (group / 2)), 32), group % 2);
                first |= Codes.Bits(blocks[16..], 2 * group) << 4;
                second |= Codes.Bits(blocks[16..], (2 * group) + 1) << 4;
                Codes.ScaleAndShift(first.AsSByte(), d * scale, -(dMin * minimum), values[(32 * group)..]);
                Codes.ScaleAndShift(second.AsSByte(), d * scale, -(dMin * minimum), values[((32 * group) + 16)..]);
            }
        }
    }
}
