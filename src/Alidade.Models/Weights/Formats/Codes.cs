using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>
/// What the decoders of GGML's 32-value blocks share: 4-bit codes, fifth bits, and the step scale · code (+ minimum). The product is rounded before the
/// sum, as the reference does; a fused multiply-add would differ in the last bit.
/// </summary>
internal static class Codes
{
    /// <summary>Widens a 16-bit float at <paramref name="at"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Half(ReadOnlySpan<byte> block, int at) => (float)Unsafe.ReadUnaligned<Half>(in block[at]);

    /// <summary>The 4-bit codes of 16 bytes: first the lower halves (values 0 to 15 of a block), then the upper (16 to 31).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<byte> Low, Vector128<byte> High) Nibbles(ReadOnlySpan<byte> sixteen)
    {
        var packed = Vector128.Create(sixteen);
        return (packed & Vector128.Create((byte)0x0F), packed >>> 4);
    }

    /// <summary>16 where bit <c>first + j</c> of <paramref name="bits"/> is set, else 0, for j = 0…15: the fifth bit of a code, in its place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> FifthBits(uint bits, int first)
    {
        var halves = (ushort)(bits >> first);
        var spread = Vector128.Shuffle(Vector128.CreateScalar(halves).AsByte(), Vector128.Create((byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        var selected = spread & Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128);
        return ~Vector128.Equals(selected, Vector128<byte>.Zero) & Vector128.Create((byte)16);
    }

    /// <summary>Writes scale · code for 16 signed codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scale(Vector128<sbyte> codes, float scale, Span<float> sixteen)
    {
        var (low, high) = Vector128.Widen(codes);
        var (a, b) = Vector128.Widen(low);
        var (c, d) = Vector128.Widen(high);
        (Vector128.ConvertToSingle(a) * scale).CopyTo(sixteen);
        (Vector128.ConvertToSingle(b) * scale).CopyTo(sixteen[4..]);
        (Vector128.ConvertToSingle(c) * scale).CopyTo(sixteen[8..]);
        (Vector128.ConvertToSingle(d) * scale).CopyTo(sixteen[12..]);
    }

    /// <summary>Writes scale · code + minimum for 16 codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ScaleAndShift(Vector128<sbyte> codes, float scale, float minimum, Span<float> sixteen)
    {
        var (low, high) = Vector128.Widen(codes);
        var (a, b) = Vector128.Widen(low);
        var (c, d) = Vector128.Widen(high);
        var shift = Vector128.Create(minimum);
        ((Vector128.ConvertToSingle(a) * scale) + shift).CopyTo(sixteen);
        ((Vector128.ConvertToSingle(b) * scale) + shift).CopyTo(sixteen[4..]);
        ((Vector128.ConvertToSingle(c) * scale) + shift).CopyTo(sixteen[8..]);
        ((Vector128.ConvertToSingle(d) * scale) + shift).CopyTo(sixteen[12..]);
    }
}
