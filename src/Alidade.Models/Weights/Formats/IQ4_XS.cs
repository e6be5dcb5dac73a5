using System.Buffers.Binary;

namespace Alidade.Models.Weights.Formats;

/// <summary>
/// IQ4_XS: a block of 256 has d (F16), eight 6-bit scales s and 4-bit codes q; value = d·(s − 32) · level[q] for each 32, with the levels of
/// <see cref="IQ4_NL"/>.
/// </summary>
/// <remarks>GGML, dequantize_row_iq4_xs. Upper two bits of the scales first (16 bits), then the lower four, then the codes as in <see cref="Q4_0"/>.</remarks>
internal sealed class IQ4_XS() : NumberFormat("IQ4_XS", 256, 136)
{
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
        {
            var d = Codes.Half(blocks, 0);
            var high = BinaryPrimitives.ReadUInt16LittleEndian(blocks[2..]);
            for (var group = 0; group < 8; group++)
            {
                var scale = ((blocks[4 + (group / 2)] >> (4 * (group % 2))) & 0x0F) | (((high >> (2 * group)) & 0x03) << 4);
                Codes.Levels(IQ4_NL.Levels, blocks.Slice(8 + (16 * group), 16), d * (scale - 32), values[(32 * group)..]);
            }
        }
    }
}
