using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>Q8_0: a block is a scale d (F16) and 32 signed bytes q; value j = d · q[j].</summary>
/// <remarks>GGML, dequantize_row_q8_0.</remarks>
internal sealed class Q8_0() : NumberFormat("Q8_0", 32, 34)
{
    public override bool CanEncode => true;

    /// <summary>d = max |x| / 127, q = x / d to the nearest, ties away from zero; q by d before it is rounded to F16.</summary>
    public override void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        for (; values.Length > 0; values = values[ValuesPerBlock..], blocks = blocks[BytesPerBlock..])
        {
            var block = values[..ValuesPerBlock];
            var scale = MathF.Abs(TensorPrimitives.MaxMagnitude(block)) / 127;
            var inverse = scale == 0 ? 0 : 1 / scale;
            BinaryPrimitives.WriteHalfLittleEndian(blocks, (Half)scale);
            for (var i = 0; i < block.Length; i++)
                blocks[2 + i] = (byte)(sbyte)MathF.Round(block[i] * inverse, MidpointRounding.AwayFromZero);
        }
    }

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
