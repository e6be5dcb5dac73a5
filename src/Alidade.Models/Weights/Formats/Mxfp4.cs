using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>MXFP4: a block is an exponent e (one byte) and 32 codes of a 4-bit float (1 sign, 2 exponent, 1 mantissa bits); value = 2^(e − 127) · float.</summary>
/// <remarks>
/// Open Compute Project, Microscaling Formats 1.0; GGML, dequantize_row_mxfp4. The levels are twice the floats and the scale is halved for it. The codes lie
/// as in <see cref="Q4_0"/>.
/// </remarks>
internal sealed class Mxfp4() : NumberFormat("MXFP4", 32, 17)
{
    private static Vector128<sbyte> TwiceTheFloats => Vector128.Create((sbyte)0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);

    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
            Codes.Levels(TwiceTheFloats, blocks.Slice(1, 16), HalfPower(blocks[0]), values);
    }

    // 2^(e − 128); the two smallest are subnormal, where the exponent's field is zero and a bit of the mantissa stands for the power.
    private static float HalfPower(byte exponent) =>
        BitConverter.UInt32BitsToSingle(exponent < 2 ? 0x0020_0000u << exponent : (uint)(exponent - 1) << 23);
}
