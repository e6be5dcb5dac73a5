using System.Buffers.Binary;
using System.Text;

namespace Alidade.Models.Native;

/// <summary>
/// Marks one symbol version that a 64-bit little-endian ELF library requires as weak, so that the loader accepts a system whose library lacks it.
/// </summary>
/// <remarks>
/// System V ABI, "Dynamic Section", and the Linux Standard Base, "Symbol Versioning": DT_VERNEED is a list of needed files (Elf64_Verneed), each with a
/// list of versions (Elf64_Vernaux) whose flag VER_FLG_WEAK turns a missing version from an error into a warning. Every offset is checked against the
/// file, because the file may be anything.
/// </remarks>
internal static class ElfVersions
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int DynamicSize = 16;
    private const int VerneedSize = 16;
    private const int VernauxSize = 16;
    private const uint Load = 1;
    private const uint Dynamic = 2;
    private const long StringTable = 5;
    private const long StringTableSize = 10;
    private const long VersionNeeds = 0x6ffffffe;
    private const long VersionNeedCount = 0x6fffffff;
    private const ushort Weak = 2;

    /// <summary>Sets the weak flag of <paramref name="version"/> wherever <paramref name="library"/> requires it.</summary>
    /// <param name="library">The library's bytes, changed in place.</param>
    /// <param name="version">The version's name, as in <c>GLIBCXX_3.4.32</c>.</param>
    /// <returns>How many requirements of that name were found: 0 when the library does not need it.</returns>
    /// <exception cref="InvalidDataException">The bytes are no such library, or an offset points outside them.</exception>
    public static int MarkWeak(Span<byte> library, string version)
    {
        var segments = Segments(library);
        var dynamic = Single(segments, Dynamic);
        long strings = -1, stringsSize = 0, needs = -1, needCount = 0;
        for (var at = dynamic.Offset; at + DynamicSize <= dynamic.Offset + dynamic.Size; at += DynamicSize)
        {
            var tag = ReadInt64(library, at);
            var value = ReadInt64(library, at + 8);
            if (tag == 0)
                break;
            if (tag == StringTable)
                strings = FileOffset(segments, value);
            else if (tag == StringTableSize)
                stringsSize = value;
            else if (tag == VersionNeeds)
                needs = FileOffset(segments, value);
            else if (tag == VersionNeedCount)
                needCount = value;
        }

        if (needs < 0 || needCount == 0)
            return 0;
        var names = Slice(library, strings, stringsSize);
        var wanted = Encoding.ASCII.GetBytes(version);
        var found = 0;
        for (var file = 0L; file < needCount; file++)
        {
            var need = Slice(library, needs, VerneedSize);
            int versions = BinaryPrimitives.ReadUInt16LittleEndian(need[2..]);
            var aux = needs + BinaryPrimitives.ReadUInt32LittleEndian(need[8..]);
            for (var i = 0; i < versions; i++)
            {
                var entry = Slice(library, aux, VernauxSize);
                if (Named(names, BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]), wanted))
                {
                    var flags = BinaryPrimitives.ReadUInt16LittleEndian(entry[4..]);
                    BinaryPrimitives.WriteUInt16LittleEndian(entry[4..], (ushort)(flags | Weak));
                    found++;
                }

                aux += Advance(entry[12..], last: i == versions - 1);
            }

            needs += Advance(need[12..], last: file == needCount - 1);
        }

        return found;
    }

    private static List<Segment> Segments(ReadOnlySpan<byte> library)
    {
        if (library.Length < HeaderSize || !library.StartsWith("\u007fELF\u0002\u0001"u8))
            throw new InvalidDataException("not a 64-bit little-endian ELF library");
        var table = ReadInt64(library, 32);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(library[54..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(library[56..]);
        if (size < ProgramHeaderSize)
            throw new InvalidDataException($"program headers of {size} bytes");
        var segments = new List<Segment>(count);
        for (var i = 0; i < count; i++)
        {
            var header = Slice(library, table + ((long)i * size), ProgramHeaderSize);
            segments.Add(new(
                BinaryPrimitives.ReadUInt32LittleEndian(header), ReadInt64(header, 8), ReadInt64(header, 16), ReadInt64(header, 32)));
        }

        return segments;
    }

    private static Segment Single(List<Segment> segments, uint type)
    {
        var index = segments.FindIndex(segment => segment.Type == type);
        return index >= 0 ? segments[index] : throw new InvalidDataException("no dynamic segment");
    }

    private static long FileOffset(List<Segment> segments, long address)
    {
        foreach (var segment in segments)
            if (segment.Type == Load && address >= segment.Address && address - segment.Address < segment.Size)
                return segment.Offset + (address - segment.Address);
        throw new InvalidDataException($"address 0x{address:x} lies in no segment of the file");
    }

    // Lists are linked by relative offsets; a step of 0 before the end would loop over one entry for ever.
    private static uint Advance(ReadOnlySpan<byte> next, bool last)
    {
        var step = BinaryPrimitives.ReadUInt32LittleEndian(next);
        return step != 0 || last ? step : throw new InvalidDataException("a list of versions ends too early");
    }

    private static bool Named(ReadOnlySpan<byte> names, uint at, ReadOnlySpan<byte> wanted) =>
        at < names.Length && names[(int)at..] is var name && name.Length > wanted.Length && name[wanted.Length] == 0 && name.StartsWith(wanted);

    private static long ReadInt64(ReadOnlySpan<byte> library, long at) => BinaryPrimitives.ReadInt64LittleEndian(Slice(library, at, 8));

    private static Span<byte> Slice(Span<byte> library, long at, long size) =>
        Inside(library.Length, at, size) ? library.Slice((int)at, (int)size) : throw Outside(at, size);

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> library, long at, long size) =>
        Inside(library.Length, at, size) ? library.Slice((int)at, (int)size) : throw Outside(at, size);

    private static bool Inside(long length, long at, long size) => at >= 0 && size >= 0 && at <= length && size <= length - at;

    private static InvalidDataException Outside(long at, long size) => new($"{size} bytes at offset {at} lie outside the file");

    private readonly record struct Segment(uint Type, long Offset, long Address, long Size);
}
