using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Quantized;

/// <summary>
/// How one row's block of 32 numbers in a GGUF file is taken apart: value = scale · (code − offset) + minimum with a code of four or eight bits. A plane holds
/// four bits of each code, number j in the lower and number 16 + j in the upper half of byte j; an eight-bit code has a second plane with its upper bits.
/// </summary>
/// <param name="Bytes">Bytes of a block in the file.</param>
/// <param name="Planes">1 or 2.</param>
/// <param name="Offset">What is taken from each code; 0 where the file has a minimum.</param>
/// <param name="HasMinimum">Whether the file holds a minimum beside the scale.</param>
/// <param name="Split">Writes the planes of a block, 16 bytes each.</param>
internal sealed unsafe record BlockLayout(int Bytes, int Planes, int Offset, bool HasMinimum, BlockLayout.Splitter Split)
{
    /// <summary>Numbers in a block.</summary>
    public const int Values = 32;

    private static readonly Dictionary<string, BlockLayout> ByFormat = new(StringComparer.Ordinal)
    {
        ["Q4_0"] = new(18, 1, 8, false, FourBits),
        ["Q4_1"] = new(20, 1, 0, true, FourBits),
        ["Q5_0"] = new(22, 2, 16, false, FiveBits),
        ["Q5_1"] = new(24, 2, 0, true, FiveBits),
        ["Q8_0"] = new(34, 2, 128, false, EightBits),
    };

    /// <summary>Writes the planes of one block, given what follows its scale and minimum.</summary>
    public delegate void Splitter(byte* codes, byte* planes);

    /// <summary>Bytes of scale and minimum.</summary>
    public int Head => HasMinimum ? 2 * sizeof(ushort) : sizeof(ushort);

    /// <summary>The formats that can be multiplied as they are stored.</summary>
    public static IReadOnlyCollection<string> Formats => ByFormat.Keys;

    /// <summary>The layout of a GGUF format; null when its tensors have to be decoded.</summary>
    public static BlockLayout? Of(string format) => ByFormat.GetValueOrDefault(format);

    // A model is packed once, while its first token is waited for: no time to warm up.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourBits(byte* codes, byte* planes) => Vector128.Load(codes).Store(planes);

    // The fifth bit of number j is bit j of the first four bytes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FiveBits(byte* codes, byte* planes)
    {
        Vector128.Load(codes + 4).Store(planes);
        var bits = Unsafe.ReadUnaligned<uint>(codes);
        for (var j = 0; j < 16; j++)
            planes[16 + j] = (byte)(((bits >> j) & 1) | (((bits >> (16 + j)) & 1) << 4));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EightBits(byte* codes, byte* planes)
    {
        // Adding 128 to a signed byte flips its highest bit.
        var first = Vector128.Load(codes) ^ Vector128.Create((byte)0x80);
        var second = Vector128.Load(codes + 16) ^ Vector128.Create((byte)0x80);
        var lower = Vector128.Create((byte)0x0F);
        ((first & lower) | ((second & lower) << 4)).Store(planes);
        (((first >>> 4) & lower) | (second & ~lower)).Store(planes + 16);
    }
}
