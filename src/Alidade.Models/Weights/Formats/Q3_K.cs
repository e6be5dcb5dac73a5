using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>
/// Q3_K: a block of 256 has sixteen 6-bit scales s, 3-bit codes q and d (F16); value = d·(s − 32) · (q − 4) for each 16.
/// </summary>
/// <remarks>GGML, dequantize_row_q3_K. The codes' lower two bits lie as in <see cref="Q2_K"/>; bit b of byte j of the mask is the third bit of value 32b + j.</remarks>
internal sealed class Q3_K() : NumberFormat("Q3_K", 256, 110)
{
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        var offset = Vector128.Create((sbyte)4);
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
        {
            var d = Codes.Half(blocks, 108);
            var scales = blocks.Slice(96, 12);
            for (var group = 0; group < 16; group++)
            {
                // Scale i: four bits in byte i mod 8, two in byte 8 + i mod 4.
                var low = (scales[group % 8] >> (4 * (group / 8))) & 0x0F;
                var high = (scales[8 + (group % 4)] >> (2 * (group / 4))) & 0x03;
                var codes = Codes.Pairs(blocks[32..], group) | (Codes.Bits(blocks, group) << 2);
                Codes.Scale(codes.AsSByte() - offset, d * ((low | (high << 4)) - 32), values[(16 * group)..]);
            }
        }
    }
}
