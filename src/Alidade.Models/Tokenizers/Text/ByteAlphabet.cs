using System.Text;

namespace Alidade.Models.Tokenizers;

/// <summary>
/// GPT-2's alphabet of 256 visible characters, one for each byte: printable Latin-1 stands for itself, the other bytes take U+0100 and on (space is Ġ).
/// </summary>
/// <remarks>Radford et al. 2019, encoder.py, bytes_to_unicode.</remarks>
internal static class ByteAlphabet
{
    /// <summary>One more than the last character of the alphabet.</summary>
    public const int End = 0x144;

    private static readonly char[] Characters = new char[256];
    private static readonly short[] Bytes = new short[End];

    static ByteAlphabet()
    {
        Array.Fill(Bytes, (short)-1);
        var next = 256;
        for (var b = 0; b < 256; b++)
        {
            Characters[b] = b is >= 33 and <= 126 or >= 161 and <= 172 or >= 174 ? (char)b : (char)next++;
            Bytes[Characters[b]] = (short)b;
        }
    }

    /// <summary>The character that stands for a byte.</summary>
    public static char Character(byte value) => Characters[value];

    /// <summary>The byte that a character stands for, or −1.</summary>
    public static int Byte(char character) => character < End ? Bytes[character] : -1;

    /// <summary>The bytes of a code point in UTF-8; returns how many.</summary>
    public static int Encode(int codePoint, Span<byte> bytes) => new Rune(codePoint).EncodeToUtf8(bytes);

    /// <summary>What a token stands for: bytes if all its characters are in the alphabet, else its own text in UTF-8.</summary>
    public static byte[] Decode(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            var value = Byte(token[i]);
            if (value < 0)
                return System.Text.Encoding.UTF8.GetBytes(token);
            bytes[i] = (byte)value;
        }

        return bytes;
    }
}
