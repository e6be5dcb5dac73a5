using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>
/// Q6_K: a block of 256 has 6-bit codes q, sixteen signed 8-bit scales s and d (F16); value = d·s · (q − 32) for each 16.
/// </summary>
/// <remarks>
/// GGML, dequantize_row_q6_K. Each 64 bytes of lower bits hold 64 values in their lower halves and the next 64 in their upper; the upper two bits lie as the
/// codes of <see cref="Q2_K"/>.
/// </remarks>
internal sealed class Q6_K() : NumberFormat("Q6_K", 256, 210)
{
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        var offset = Vector128.Create((sbyte)32);
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
        {
            var d = Codes.Half(blocks, 208);
            for (var group = 0; group < 16; group++)
            {
                var (low, high) = Codes.Nibbles(blocks.Slice((64 * (group / 8)) + (16 * (group % 4)), 16));
                var codes = (group / 4 % 2 == 0 ? low : high) | (Codes.Pairs(blocks[128..], group) << 4);
                Codes.Scale(codes.AsSByte() - offset, d * (sbyte)blocks[192 + group], values[(16 * group)..]);
            }
        }
    }
}
