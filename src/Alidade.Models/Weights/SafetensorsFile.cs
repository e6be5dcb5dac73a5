using System.Buffers.Binary;
using Alidade.Core;

namespace Alidade.Models.Weights;

/// <summary>
/// One safetensors file: eight bytes with the length of a JSON header, the header, then the tensors' bytes without gaps.
/// </summary>
/// <remarks>
/// The format of huggingface/safetensors, with all of its checks: the header is at most 100 MB, starts with '{', is UTF-8 and names nothing twice; the
/// tensors cover the data exactly, so that no byte is unclaimed and none is shared.
/// </remarks>
public sealed class SafetensorsFile : IWeightFile
{
    /// <summary>The format's own limit.</summary>
    private const long LongestHeader = 100_000_000;

    private readonly TensorTable tensors;

    private SafetensorsFile(TensorTable tensors, IReadOnlyDictionary<string, string> metadata)
    {
        this.tensors = tensors;
        Metadata = metadata;
    }

    /// <inheritdoc/>
    public string Path => tensors.Path;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorEntry> Tensors => tensors.Entries;

    /// <summary>The header's <c>__metadata__</c>; empty where there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="AlidadeException">The file is absent, or is not a well-formed safetensors file: the message says what and where.</exception>
    public static SafetensorsFile Open(string path)
    {
        var file = MappedFile.Open(path);
        try
        {
            var (tensors, metadata) = Read(file);
            return new SafetensorsFile(tensors, metadata);
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

    private static (TensorTable Tensors, IReadOnlyDictionary<string, string> Metadata) Read(MappedFile file)
    {
        if (file.Length < 8)
            throw new AlidadeException($"'{file.Path}' is not a safetensors file: it has {file.Length} bytes, the header's length alone takes 8");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(file.Span(0, 8));
        if (length > LongestHeader)
            throw new AlidadeException($"'{file.Path}' is not a safetensors file: its header would have {length} bytes, the format allows {LongestHeader}");
        if ((long)length > file.Length - 8)
            throw new AlidadeException($"'{file.Path}' is cut off: its header should have {length} bytes, {file.Length - 8} are there");

        var header = SafetensorsHeader.Parse(file.Path, file.Span(8, (int)length));
        var start = 8 + (long)length;
        var table = new TensorTable(file);
        var end = 0L;
        foreach (var tensor in header.Tensors.OrderBy(t => t.Begin).ThenBy(t => t.End))
        {
            if (tensor.Begin != end)
                throw Wrong(tensor.Name, $"its data start at byte {tensor.Begin}, the tensor before it ends at byte {end}; none may overlap or leave a gap");
            end = tensor.End;
            if (end > file.Length - start)
                throw Wrong(tensor.Name, $"its data end at byte {end}, the file holds {file.Length - start} bytes of data; it is cut off or lies");
            table.Add(new TensorEntry(tensor.Name, tensor.Shape, tensor.Format.Name, tensor.End - tensor.Begin), tensor.Format, start + tensor.Begin);
        }

        if (end != file.Length - start)
            throw new AlidadeException($"'{file.Path}' has {file.Length - start - end} bytes after its last tensor, which its header does not describe");
        return (table, header.Metadata);

        AlidadeException Wrong(string tensor, string what) => new($"'{file.Path}', tensor '{Shown.Name(tensor)}': {what}");
    }
}
