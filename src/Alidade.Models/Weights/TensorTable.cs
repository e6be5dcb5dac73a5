using Alidade.Core;
using Alidade.Models.Weights.Formats;

namespace Alidade.Models.Weights;

/// <summary>The tensors of one mapped file: where each lies and how its numbers are stored. What the header readers share.</summary>
internal sealed unsafe class TensorTable(MappedFile file) : IDisposable
{
    /// <summary>Values that one thread decodes at a time; a tensor of fewer is decoded by the caller's own thread.</summary>
    private const int ChunkValues = 1 << 17;

    private readonly OrderedDictionary<string, TensorEntry> entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (NumberFormat Format, long Offset)> places = new(StringComparer.Ordinal);

    public string Path => file.Path;

    public IReadOnlyDictionary<string, TensorEntry> Entries => entries;

    /// <summary>Enters a tensor whose bytes the caller has checked to lie inside the file.</summary>
    public void Add(TensorEntry entry, NumberFormat format, long offset)
    {
        entries.Add(entry.Name, entry);
        places.Add(entry.Name, (format, offset));
    }

    /// <summary>The number of values, or -1 when the product of the dimensions is beyond 2⁶³ − 1.</summary>
    public static long CountOf(IReadOnlyList<long> shape)
    {
        var count = 1L;
        foreach (var size in shape)
        {
            var product = (Int128)count * size;
            if (product > long.MaxValue)
                return -1;
            count = (long)product;
        }

        return count;
    }

    public ReadOnlySpan<byte> Raw(string name)
    {
        var (entry, _, offset) = Find(name);
        if (entry.Bytes > int.MaxValue)
            throw new AlidadeException($"tensor '{name}' in '{Path}' has {entry.Bytes} bytes; raw bytes are given for tensors of up to {int.MaxValue}");
        return file.Span(offset, (int)entry.Bytes);
    }

    public TensorBlocks Blocks(string name)
    {
        var (entry, format, offset) = Find(name);
        return new TensorBlocks(file, entry, format, offset);
    }

    public void ReadFloat32(string name, Span<float> destination) => ReadWhole(name, destination, &DecodeFloat32);

    public void ReadFloat32(string name, long first, Span<float> destination) => Read(Find(name), first, destination, &DecodeFloat32);

    public void ReadFloat64(string name, Span<double> destination) => ReadWhole(name, destination, &DecodeFloat64);

    public void ReadInt64(string name, Span<long> destination)
    {
        var (entry, format, _) = Find(name);
        if (!format.IsInteger)
            throw new AlidadeException($"tensor '{name}' in '{Path}' holds {entry.Format} numbers; integers are expected");
        try
        {
            ReadWhole(name, destination, &DecodeInt64);
        }
        catch (OverflowException exception)
        {
            throw new AlidadeException($"tensor '{name}' in '{Path}' holds a value above {long.MaxValue}", exception);
        }
    }

    public void Dispose() => file.Dispose();

    private static void DecodeFloat32(NumberFormat format, ReadOnlySpan<byte> blocks, Span<float> values) => format.Decode(blocks, values);

    private static void DecodeFloat64(NumberFormat format, ReadOnlySpan<byte> blocks, Span<double> values) => format.Decode(blocks, values);

    private static void DecodeInt64(NumberFormat format, ReadOnlySpan<byte> blocks, Span<long> values) => format.Decode(blocks, values);

    private void ReadWhole<T>(string name, Span<T> destination, delegate*<NumberFormat, ReadOnlySpan<byte>, Span<T>, void> decode)
        where T : unmanaged
    {
        var found = Find(name);
        if (destination.Length != found.Entry.Count)
            throw new ArgumentException($"tensor '{name}' of '{Path}' has {found.Entry.Count} values, the destination {destination.Length}", nameof(destination));
        Read(found, 0, destination, decode);
    }

    /// <summary>Decodes in chunks of whole blocks, on all cores when there is more than one chunk.</summary>
    private void Read<T>(
        (TensorEntry Entry, NumberFormat Format, long Offset) found, long first, Span<T> destination, delegate*<NumberFormat, ReadOnlySpan<byte>, Span<T>, void> decode)
        where T : unmanaged
    {
        var (entry, format, offset) = found;
        if (first < 0 || first > entry.Count - destination.Length || first % format.ValuesPerBlock != 0 || destination.Length % format.ValuesPerBlock != 0)
            throw new ArgumentException($"{destination.Length} values from {first} on are no whole blocks of {format.ValuesPerBlock} of the {entry.Count} of '{entry.Name}'", nameof(first));
        format.ThrowIfNotBuilt($"tensor '{entry.Name}' in '{Path}'");
        var (start, bytes) = (offset + format.BytesOf(first), format.BytesOf(destination.Length));
        Decode(format, file.Pointer(start, bytes), destination, decode);
        file.Release(start, bytes);
    }

    private static void Decode<T>(NumberFormat format, byte* source, Span<T> destination, delegate*<NumberFormat, ReadOnlySpan<byte>, Span<T>, void> decode)
        where T : unmanaged
    {
        if (destination.Length <= ChunkValues)
        {
            decode(format, new ReadOnlySpan<byte>(source, (int)format.BytesOf(destination.Length)), destination);
            return;
        }

        var chunk = ChunkValues / format.ValuesPerBlock * format.ValuesPerBlock;
        var count = destination.Length;
        fixed (T* values = destination)
        {
            // A lambda cannot hold a span, and its pointers stay valid: the destination is pinned and the loop ends before this method does.
            var (from, to, call) = ((nint)source, (nint)values, (nint)decode);
            try
            {
                Parallel.For(0, (count + chunk - 1) / chunk, i =>
                {
                    var first = i * (long)chunk;
                    var length = (int)Math.Min(chunk, count - first);
                    ((delegate*<NumberFormat, ReadOnlySpan<byte>, Span<T>, void>)call)(
                        format,
                        new ReadOnlySpan<byte>((byte*)from + format.BytesOf(first), (int)format.BytesOf(length)),
                        new Span<T>((T*)to + first, length));
                });
            }
            catch (AggregateException exception) when (exception.InnerException is OverflowException overflow)
            {
                throw overflow;
            }
        }
    }

    private (TensorEntry Entry, NumberFormat Format, long Offset) Find(string name)
    {
        if (!entries.TryGetValue(name, out var entry))
            throw MissingTensor(Path, name, entries.Keys);
        var (format, offset) = places[name];
        return (entry, format, offset);
    }

    /// <summary>The one line for a tensor that is not there, with the closest name that is.</summary>
    public static AlidadeException MissingTensor(string path, string name, IEnumerable<string> names)
    {
        // A damaged file's names can be of any length; a name that a model asks for is short.
        var hint = Suggest.Nearest(name, names.Where(n => n.Length <= 256)) is { } nearest ? $"the nearest name there is '{nearest}'" : "it holds nothing like it";
        return new AlidadeException($"'{path}' has no tensor '{name}'; {hint}");
    }
}
