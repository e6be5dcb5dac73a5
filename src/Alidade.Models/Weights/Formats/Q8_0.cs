using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>Q8_0: a block is a scale d (F16) and 32 signed bytes q; value j = d · q[j].</summary>
/// <remarks>GGML, dequantize_row_q8_0.</remarks>
internal sealed class Q8_0() : NumberFormat("Q8_0", 32, 34)
{
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
        {
            var scale = Codes.Half(blocks, 0);
            var codes = MemoryMarshal.Cast<byte, sbyte>(blocks.Slice(2, 32));
            Codes.Scale(Vector128.Create(codes), scale, values);
            Codes.Scale(Vector128.Create(codes[16..]), scale, values[16..]);
        }
    }
}
