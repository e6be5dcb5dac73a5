using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Alidade.Models.Weights.Formats;

/// <summary>How GGML's blocks of 32 round values to codes of a few bits, operation by operation as the gguf package does it.</summary>
internal static class Rounding
{
    /// <summary>32 codes.</summary>
    [InlineArray(32)]
    public struct Codes32
    {
        private byte first;
    }

    /// <summary>Codes around zero: the value of largest magnitude takes the code 0, and zero the code <paramref name="zero"/>.</summary>
    public static Codes32 Symmetric(ReadOnlySpan<float> values, int zero, out float scale)
    {
        var largest = values[0];
        foreach (var value in values)
            if (MathF.Abs(value) > MathF.Abs(largest))
                largest = value;
        scale = largest / -zero;
        double inverse = scale == 0 ? 0 : 1 / scale;
        var codes = default(Codes32);
        // The sum is made in 64 bits and rounded to 32 before it is cut.
        for (var i = 0; i < values.Length; i++)
            codes[i] = (byte)Math.Clamp((float)((values[i] * inverse) + (zero + 0.5)), 0, (2 * zero) - 1);
        return codes;
    }

    /// <summary>Codes 0 to <paramref name="last"/> from the least value to the greatest.</summary>
    public static Codes32 FromMinimum(ReadOnlySpan<float> values, int last, out float scale, out float minimum)
    {
        minimum = TensorPrimitives.Min(values);
        scale = (TensorPrimitives.Max(values) - minimum) / last;
        var inverse = scale == 0 ? 0 : 1 / scale;
        var codes = default(Codes32);
        for (var i = 0; i < values.Length; i++)
            codes[i] = (byte)Math.Clamp(((values[i] - minimum) * inverse) + 0.5f, 0, last);
        return codes;
    }

    /// <summary>Codes of four bits: code j in the lower half of byte j, code 16 + j in its upper half.</summary>
    public static void Pack(Codes32 codes, Span<byte> bytes)
    {
        for (var j = 0; j < 16; j++)
            bytes[j] = (byte)((codes[j] & 0x0F) | (codes[16 + j] << 4));
    }

    /// <summary>Codes of five bits: the fifth bits of all 32, then the lower four as <see cref="Pack"/>.</summary>
    public static void PackFive(Codes32 codes, Span<byte> bytes)
    {
        var fifth = 0u;
        for (var j = 0; j < 32; j++)
            fifth |= (uint)(codes[j] >> 4) << j;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, fifth);
        Pack(codes, bytes[4..]);
    }
}
