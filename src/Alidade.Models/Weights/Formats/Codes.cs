using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>
/// What the decoders of GGML's blocks share: how codes of a few bits are packed, and the step scale · code (+ minimum). The product is rounded before the
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

    /// <summary>The 4-bit codes in the lower (0) or upper (1) halves of 32 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<byte> First, Vector128<byte> Second) Halves(ReadOnlySpan<byte> thirtyTwo, int half)
    {
        var mask = Vector128.Create((byte)0x0F);
        return ((Vector128.Create(thirtyTwo) >>> (4 * half)) & mask, (Vector128.Create(thirtyTwo[16..]) >>> (4 * half)) & mask);
    }

    /// <summary>
    /// The 2-bit codes of values 16·group to 16·group + 15 of a block of 256: each 32 bytes hold 128 values, of which byte j holds j, 32 + j, 64 + j, 96 + j.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Pairs(ReadOnlySpan<byte> packed, int group) =>
        (Vector128.Create(packed[((32 * (group / 8)) + (16 * (group % 2)))..]) >>> (group / 2 % 4 * 2)) & Vector128.Create((byte)0x03);

    /// <summary>The single bits of values 16·group to 16·group + 15 of a block of 256: of 32 bytes, bit b of byte j belongs to value 32b + j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Bits(ReadOnlySpan<byte> packed, int group) =>
        (Vector128.Create(packed[(16 * (group % 2))..]) >>> (group / 2)) & Vector128<byte>.One;

    /// <summary>
    /// Scale and minimum of a group of 32, six bits each: of the first four groups in the lower bits of bytes g and 4 + g, of the last four with four bits in
    /// byte 4 + g and two in the upper bits of bytes g − 4 and g.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (int Scale, int Minimum) SixBitPair(ReadOnlySpan<byte> twelve, int group) => group < 4
        ? (twelve[group] & 0x3F, twelve[group + 4] & 0x3F)
        : ((twelve[group + 4] & 0x0F) | (twelve[group - 4] >> 6 << 4), (twelve[group + 4] >> 4) | (twelve[group] >> 6 << 4));

    /// <summary>16 where bit <c>first + j</c> of <paramref name="bits"/> is set, else 0, for j = 0…15: the fifth bit of a code, in its place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> FifthBits(uint bits, int first)
    {
        var halves = (ushort)(bits >> first);
        var spread = Vector128.Shuffle(Vector128.CreateScalar(halves).AsByte(), Vector128.Create((byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        var selected = spread & Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128);
        return ~Vector128.Equals(selected, Vector128<byte>.Zero) & Vector128.Create((byte)16);
    }

    /// <summary>Writes scale · level[code] for the 32 4-bit codes of 16 bytes, lower halves first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Levels(Vector128<sbyte> levels, ReadOnlySpan<byte> sixteen, float scale, Span<float> values)
    {
        var (low, high) = Nibbles(sixteen);
        Scale(Vector128.Shuffle(levels, low.AsSByte()), scale, values);
        Scale(Vector128.Shuffle(levels, high.AsSByte()), scale, values[16..]);
    }

    /// <summary>Writes scale · code for 16 signed codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scale(Vector128<sbyte> codes, float scale, Span<float> sixteen)
    {
        var (low, high) = Widened(codes);
        (low * scale).CopyTo(sixteen);
        (high * scale).CopyTo(sixteen[8..]);
    }

    /// <summary>Writes scale · code + minimum for 16 codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ScaleAndShift(Vector128<sbyte> codes, float scale, float minimum, Span<float> sixteen)
    {
        var (low, high) = Widened(codes);
        var shift = Vector256.Create(minimum);
        ((low * scale) + shift).CopyTo(sixteen);
        ((high * scale) + shift).CopyTo(sixteen[8..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Low, Vector256<float> High) Widened(Vector128<sbyte> codes)
    {
        var (low, high) = Vector256.Widen(Vector256.WidenLower(codes.ToVector256Unsafe()));
        return (Vector256.ConvertToSingle(low), Vector256.ConvertToSingle(high));
    }
}
