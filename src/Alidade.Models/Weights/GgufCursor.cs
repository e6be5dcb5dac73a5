using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Alidade.Core;

namespace Alidade.Models.Weights;

/// <summary>Reads the head of a GGUF file from front to back. Nothing is allocated for a length before that many bytes are known to follow.</summary>
internal sealed class GgufCursor(MappedFile file)
{
    private const uint StringType = 8;
    private const uint ArrayType = 9;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The next byte's offset in the file.</summary>
    public long Position { get; private set; }

    private long Remaining => file.Length - Position;

    /// <summary>A number, little-endian.</summary>
    public T Number<T>(string what)
        where T : unmanaged =>
        MemoryMarshal.Read<T>(Bytes(Unsafe.SizeOf<T>(), what));

    /// <summary>A 64-bit number of things that follow, each of at least <paramref name="leastBytes"/>.</summary>
    public long Count(string what, int leastBytes)
    {
        var count = Number<ulong>(what);
        return count <= (ulong)(Remaining / leastBytes) ? (long)count : throw Wrong(what, $"it is {count}, {Remaining} bytes are left in the file");
    }

    /// <summary>A 64-bit length and as many bytes of UTF-8.</summary>
    public string Text(string what)
    {
        var length = Number<ulong>(what);
        if (length > (ulong)Math.Min(Remaining, Array.MaxLength))
            throw Wrong(what, $"its length is {length} bytes, {Remaining} are left in the file");
        try
        {
            return Strict.GetString(Bytes((int)length, what));
        }
        catch (DecoderFallbackException exception)
        {
            throw new AlidadeException(Wrong(what, "it is not valid UTF-8").Message, exception);
        }
    }

    /// <summary>A metadata value: a number, a bool, a string, or an array of one of these.</summary>
    public object Value(string what)
    {
        var type = Number<uint>(what);
        return type switch
        {
            0 => Number<byte>(what),
            1 => Number<sbyte>(what),
            2 => Number<ushort>(what),
            3 => Number<short>(what),
            4 => Number<uint>(what),
            5 => Number<int>(what),
            6 => Number<float>(what),
            7 => Flag(what),
            StringType => Text(what),
            ArrayType => Items(what),
            10 => Number<ulong>(what),
            11 => Number<long>(what),
            12 => Number<double>(what),
            _ => throw Wrong(what, $"value type {type} is unknown; the format has 0 to 12"),
        };
    }

    public AlidadeException Wrong(string what, string wrong) => new($"'{file.Path}', {what}: {wrong}");

    private Array Items(string what)
    {
        var type = Number<uint>(what);
        var count = Number<ulong>(what);
        return type switch
        {
            0 => Numbers<byte>(count, what),
            1 => Numbers<sbyte>(count, what),
            2 => Numbers<ushort>(count, what),
            3 => Numbers<short>(count, what),
            4 => Numbers<uint>(count, what),
            5 => Numbers<int>(count, what),
            6 => Numbers<float>(count, what),
            7 => Array.ConvertAll(Numbers<byte>(count, what), value => AsFlag(value, what)),
            StringType => Texts(count, what),
            // llama.cpp's reader refuses them too, and no writer makes them.
            ArrayType => throw Wrong(what, "it is an array of arrays, which no reader of the format takes"),
            10 => Numbers<ulong>(count, what),
            11 => Numbers<long>(count, what),
            12 => Numbers<double>(count, what),
            _ => throw Wrong(what, $"element type {type} is unknown; the format has 0 to 12"),
        };
    }

    private T[] Numbers<T>(ulong count, string what)
        where T : unmanaged
    {
        var size = Unsafe.SizeOf<T>();
        if (count > (ulong)Math.Min(Remaining, Array.MaxLength) / (ulong)size)
            throw Wrong(what, $"it is an array of {count} elements of {size} bytes, {Remaining} bytes are left in the file");
        return MemoryMarshal.Cast<byte, T>(Bytes((int)count * size, what)).ToArray();
    }

    private string[] Texts(ulong count, string what)
    {
        // Each text takes at least the eight bytes of its length.
        if (count > (ulong)Math.Min(Remaining / 8, Array.MaxLength))
            throw Wrong(what, $"it is an array of {count} texts, {Remaining} bytes are left in the file");
        var texts = new string[count];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = Text(what);
        return texts;
    }

    private bool Flag(string what) => AsFlag(Number<byte>(what), what);

    private bool AsFlag(byte value, string what) => value <= 1 ? value == 1 : throw Wrong(what, $"a bool is 0 or 1, not {value}");

    private ReadOnlySpan<byte> Bytes(int count, string what)
    {
        if (count > Remaining)
            throw Wrong(what, $"the file ends here, after {file.Length} bytes; it is cut off");
        var bytes = file.Span(Position, count);
        Position += count;
        return bytes;
    }
}
