using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Weights.Formats;

/// <summary>Q5_0: a block is a scale d (F16), 32 fifth bits and 32 4-bit codes; value = d · (q − 16), q of five bits.</summary>
/// <remarks>GGML, dequantize_row_q5_0. The 4-bit codes lie as in <see cref="Q4_0"/>; fifth bit j belongs to value j.</remarks>
internal sealed class Q5_0() : NumberFormat("Q5_0", 32, 22)
{
    public override bool CanEncode => true;

    /// <summary>d = the value of largest magnitude / −16, q = ⌊x / d + 16½⌋ up to 31.</summary>
    public override void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        for (; values.Length > 0; values = values[ValuesPerBlock..], blocks = blocks[BytesPerBlock..])
        {
            var codes = Rounding.Symmetric(values[..ValuesPerBlock], 16, out var scale);
            BinaryPrimitives.WriteHalfLittleEndian(blocks, (Half)scale);
            Rounding.PackFive(codes, blocks[2..]);
        }
    }

    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        var offset = Vector128.Create((sbyte)16);
        for (; blocks.Length > 0; blocks = blocks[BytesPerBlock..], values = values[ValuesPerBlock..])
        {
            var scale = Codes.Half(blocks, 0);
            var fifth = BinaryPrimitives.ReadUInt32LittleEndian(blocks[2..]);
            var (low, high) = Codes.Nibbles(blocks.Slice(6, 16));
            Codes.Scale((low | Codes.FifthBits(fifth, 0)).AsSByte() - offset, scale, values);
            Codes.Scale((high | Codes.FifthBits(fifth, 16)).AsSByte() - offset, scale, values[16..]);
        }
    }
}
