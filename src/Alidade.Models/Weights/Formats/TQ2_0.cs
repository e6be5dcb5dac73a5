using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>TQ2_0: a block of 256 2-bit codes q and a scale d (F16); value = d · (q − 1).</summary>
/// <remarks>GGML, dequantize_row_tq2_0. The codes lie as in <see cref="Q2_K"/>.</remarks>
internal sealed class TQ2_0() : NumberFormat("TQ2_0", 256, 66)
{
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
        {
            var d = Codes.Half(blocks, 64);
            for (var group = 0; group < 16; group++)
                Codes.Scale(Codes.Pairs(blocks, group).AsSByte() - Vector128<sbyte>.One, d, values[(16 * group)..]);
        }
    }
}
