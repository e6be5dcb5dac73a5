using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>IQ4_NL: a block is a scale d (F16) and 32 4-bit codes q; value = d · <see cref="Levels"/>[q].</summary>
/// <remarks>GGML, dequantize_row_iq4_nl. The codes lie as in <see cref="Q4_0"/>.</remarks>
internal sealed class IQ4_NL() : NumberFormat("IQ4_NL", 32, 18)
{
    /// <summary>The sixteen levels, denser around zero (ggml's kvalues_iq4nl).</summary>
    public static Vector128<sbyte> Levels => Vector128.Create((sbyte)-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
            Codes.Levels(Levels, blocks.Slice(2, 16), Codes.Half(blocks, 0), values);
    }
}
