using Alidade.Core;
using Alidade.Models.Weights.Formats;

namespace Alidade.Models.Weights;

/// <summary>
/// One GGUF file, version 2 or 3: metadata, descriptions of the tensors, then their bytes, each at a multiple of the alignment.
/// </summary>
/// <remarks>
/// The format of ggml (docs/gguf.md). Dimensions are stored with the contiguous one first; <see cref="TensorEntry.Shape"/> has it last. Stricter than the
/// gguf package's reader: offsets that overlap, leave the file or wrap around, and more than four dimensions, are refused.
/// </remarks>
public sealed class GgufFile : IWeightFile
{
    private const uint Magic = 0x46554747;
    private const string AlignmentKey = "general.alignment";
    private const int MostDimensions = 4;

    /// <summary>The bytes of a key's length, a value's type and the shortest value.</summary>
    private const int LeastMetadataBytes = 8 + 4 + 1;

    /// <summary>The bytes of a name's length, the number of dimensions, the type and the offset.</summary>
    private const int LeastTensorBytes = 8 + 4 + 4 + 8;

    private readonly TensorTable tensors;

    private GgufFile(int version, IReadOnlyDictionary<string, object> metadata, TensorTable tensors)
    {
        Version = version;
        Metadata = metadata;
        this.tensors = tensors;
    }

    /// <inheritdoc/>
    public string Path => tensors.Path;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorEntry> Tensors => tensors.Entries;

    /// <summary>
    /// The metadata in the file's order. A value has the type that the file gives it: <see cref="byte"/>, <see cref="sbyte"/>, <see cref="ushort"/>,
    /// <see cref="short"/>, <see cref="uint"/>, <see cref="int"/>, <see cref="ulong"/>, <see cref="long"/>, <see cref="float"/>, <see cref="double"/>,
    /// <see cref="bool"/>, <see cref="string"/>, or an array of one of these, such as <c>string[]</c>.
    /// </summary>
    public IReadOnlyDictionary<string, object> Metadata { get; }

    /// <summary>The format's version: 2 or 3, which are laid out alike.</summary>
    public int Version { get; }

    /// <summary>
    /// Opens a file and checks everything before its data. Whether the metadata describe a model is <see cref="GgufModelMetadata"/>'s to say.
    /// </summary>
    /// <exception cref="AlidadeException">The file is absent, or is not a well-formed GGUF file: the message says what and where.</exception>
    /// <exception cref="NotBuiltException">The file is big-endian.</exception>
    public static GgufFile Open(string path)
    {
        var file = MappedFile.Open(path);
        try
        {
            return Read(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void ReadFloat32(string name, Span<float> destination) => tensors.ReadFloat32(name, destination);

    /// <inheritdoc/>
    public void ReadFloat32(string name, long first, Span<float> destination) => tensors.ReadFloat32(name, first, destination);

    /// <inheritdoc/>
    public void ReadFloat64(string name, Span<double> destination) => tensors.ReadFloat64(name, destination);

    /// <inheritdoc/>
    public void ReadInt64(string name, Span<long> destination) => tensors.ReadInt64(name, destination);

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Raw(string name) => tensors.Raw(name);

    /// <inheritdoc/>
    public TensorBlocks Blocks(string name) => tensors.Blocks(name);

    /// <inheritdoc/>
    public void Dispose() => tensors.Dispose();

    private static GgufFile Read(MappedFile file)
    {
        var cursor = new GgufCursor(file);
        if (file.Length < 4 || cursor.Number<uint>("magic") != Magic)
            throw new AlidadeException($"'{file.Path}' is not a GGUF file: it does not start with 'GGUF'");
        var version = cursor.Number<uint>("version");
        if ((version & 0xFFFF) == 0 && version != 0)
            throw new NotBuiltException($"'{file.Path}' is a big-endian GGUF file; Alidade reads little-endian ones, as almost all are");
        if (version is not (2 or 3))
            throw cursor.Wrong("version", $"{version} is not one that is read; the versions are 2 and 3");

        var tensorCount = cursor.Count("tensor count", LeastTensorBytes);
        var metadataCount = cursor.Count("metadata count", LeastMetadataBytes);
        var metadata = ReadMetadata(cursor, metadataCount);
        var descriptions = ReadDescriptions(cursor, tensorCount);
        var tensors = Place(file, cursor, descriptions, AlignmentOf(cursor, metadata));
        return new GgufFile((int)version, metadata, tensors);
    }

    private static OrderedDictionary<string, object> ReadMetadata(GgufCursor cursor, long count)
    {
        var metadata = new OrderedDictionary<string, object>(StringComparer.Ordinal);
        for (var i = 0L; i < count; i++)
        {
            var key = cursor.Text($"key {i + 1} of {count}");
            var what = $"metadata '{Shown.Name(key)}'";
            if (!metadata.TryAdd(key, cursor.Value(what)))
                throw cursor.Wrong(what, "it is given twice");
        }

        return metadata;
    }

    private static List<Description> ReadDescriptions(GgufCursor cursor, long count)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var descriptions = new List<Description>();
        for (var i = 0L; i < count; i++)
        {
            var position = $"tensor {i + 1} of {count}";
            var name = cursor.Text(position);
            if (name.Length == 0)
                throw cursor.Wrong(position, "its name is empty");
            var what = $"tensor '{Shown.Name(name)}'";
            if (!names.Add(name))
                throw cursor.Wrong(what, "it is described twice");
            descriptions.Add(ReadDescription(cursor, name, what));
        }

        return descriptions;
    }

    private static Description ReadDescription(GgufCursor cursor, string name, string what)
    {
        var dimensions = cursor.Number<uint>(what);
        if (dimensions > MostDimensions)
            throw cursor.Wrong(what, $"it has {dimensions} dimensions; the format allows {MostDimensions}");
        var shape = new long[dimensions];
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            var size = cursor.Number<ulong>(what);
            shape[i] = size <= long.MaxValue ? (long)size : throw cursor.Wrong(what, $"a dimension is {size}");
        }

        var type = cursor.Number<uint>(what);
        if (!GgufFormats.ByType.TryGetValue(type, out var format))
            throw cursor.Wrong(what, $"type {type} is unknown or was removed from the format");
        var row = shape.Length == 0 ? 1 : shape[^1];
        if (row % format.ValuesPerBlock != 0)
            throw cursor.Wrong(what, $"its rows of {row} values are not whole blocks of {format.Name}, which hold {format.ValuesPerBlock}");
        var count = TensorTable.CountOf(shape);
        var bytes = count < 0 ? -1 : format.BytesOf(count);
        if (bytes < 0)
            throw cursor.Wrong(what, $"its shape {Shown.Shape(shape)} is larger than any file");
        return new Description(new TensorEntry(name, shape, format.Name, bytes), format, cursor.Number<ulong>(what), what);
    }

    private static uint AlignmentOf(GgufCursor cursor, OrderedDictionary<string, object> metadata)
    {
        if (!metadata.TryGetValue(AlignmentKey, out var value))
            return 32;
        return value is uint alignment && uint.IsPow2(alignment)
            ? alignment
            : throw cursor.Wrong(
                $"metadata '{AlignmentKey}'",
                $"it must be a 32-bit unsigned power of two, not {(value is uint ? value : "of type " + value.GetType().Name)}");
    }

    private static TensorTable Place(MappedFile file, GgufCursor cursor, List<Description> descriptions, uint alignment)
    {
        var table = new TensorTable(file);
        var start = (cursor.Position + alignment - 1) / alignment * alignment;
        var end = 0L;
        foreach (var (entry, format, offset, what) in descriptions.OrderBy(d => d.Offset).ThenBy(d => d.Entry.Bytes))
        {
            if (offset % alignment != 0)
                throw cursor.Wrong(what, $"its data start at {offset}, which is not a multiple of the alignment {alignment}");
            if (start > file.Length || offset > (ulong)(file.Length - start) || entry.Bytes > file.Length - start - (long)offset)
                throw cursor.Wrong(what, $"its {entry.Bytes} bytes at {offset} of the data lie beyond the file's end; the file is cut off or lies");
            if ((long)offset < end)
                throw cursor.Wrong(what, "its data overlap those of another tensor");
            end = (long)offset + entry.Bytes;
            table.Add(entry, format, start + (long)offset);
        }

        return table;
    }

    /// <param name="Offset">From the aligned start of the data.</param>
    /// <param name="What">How messages call it.</param>
    private sealed record Description(TensorEntry Entry, NumberFormat Format, ulong Offset, string What);
}
