using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>TQ1_0: a block of 256 codes in {−1, 0, 1}, five to a byte in base three, and a scale d (F16); value = d · code.</summary>
/// <remarks>
/// GGML, dequantize_row_tq1_0. A byte is the fraction 0.t₀t₁t₂t₃t₄ in base three, times 256: multiplied by 3ⁿ (modulo 256) its first digit is tₙ. Bytes 0 to 31
/// hold values 32n + j, bytes 32 to 47 values 160 + 16n + j, bytes 48 to 51 values 240 + 4n + j.
/// </remarks>
internal sealed class TQ1_0() : NumberFormat("TQ1_0", 256, 54)
{
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
        {
            var d = Codes.Half(blocks, 52);
            var power = 1;
            for (var n = 0; n < 5; n++, power *= 3)
            {
                Codes.Scale(FirstDigits(Vector128.Create(blocks), (byte)power), d, values[(32 * n)..]);
                Codes.Scale(FirstDigits(Vector128.Create(blocks[16..]), (byte)power), d, values[((32 * n) + 16)..]);
                Codes.Scale(FirstDigits(Vector128.Create(blocks[32..]), (byte)power), d, values[(160 + (16 * n))..]);
            }

            power = 1;
            for (var n = 0; n < 4; n++, power *= 3)
                for (var j = 0; j < 4; j++)
                    values[240 + (4 * n) + j] = d * (((byte)(blocks[48 + j] * power) * 3 >> 8) - 1);
        }
    }

    private static Vector128<sbyte> FirstDigits(Vector128<byte> bytes, byte power)
    {
        var (low, high) = Vector128.Widen(bytes * Vector128.Create(power));
        var three = Vector128.Create((ushort)3);
        return Vector128.Narrow((low * three) >>> 8, (high * three) >>> 8).AsSByte() - Vector128<sbyte>.One;
    }
}
