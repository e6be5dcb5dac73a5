using Alidade.Models.Weights.Formats;

namespace Alidade.Models.Weights;

/// <summary>
/// A tensor as the file stores it: rows of whole blocks, not decoded, in the mapped file. A matrix product that multiplies the stored numbers reads them here.
/// </summary>
/// <remarks>Valid until the file is disposed, after which every access throws. Reads may run on several threads at once.</remarks>
public sealed class TensorBlocks
{
    private readonly MappedFile file;
    private readonly NumberFormat format;
    private readonly long offset;

    internal TensorBlocks(MappedFile file, TensorEntry entry, NumberFormat format, long offset)
    {
        (this.file, this.format, this.offset) = (file, format, offset);
        Columns = entry.Shape.Count == 0 ? 1 : entry.Shape[^1];
        Rows = Columns == 0 ? 0 : entry.Count / Columns;
        BytesPerRow = format.BytesOf(Columns);
        Format = entry.Format;
    }

    /// <summary>How the numbers are stored, as the file's own specification names it: F32, BF16, Q4_1.</summary>
    public string Format { get; }

    /// <summary>The product of all dimensions but the last.</summary>
    public long Rows { get; }

    /// <summary>Values in a row: the last dimension, a whole number of blocks.</summary>
    public long Columns { get; }

    /// <summary>Bytes of a row.</summary>
    public long BytesPerRow { get; }

    /// <summary>Values in a block: 32 for Q4_1, 1 for F32.</summary>
    public int ValuesPerBlock => format.ValuesPerBlock;

    /// <summary>Bytes in a block: 20 for Q4_1, 4 for F32.</summary>
    public int BytesPerBlock => format.BytesPerBlock;

    /// <summary>The stored bytes of some rows that follow one another.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rows are not all there, or are longer than a span can be (2 GiB).</exception>
    public ReadOnlySpan<byte> Span(long firstRow, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Rows - firstRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((Int128)rows * BytesPerRow, int.MaxValue, nameof(rows));
        return file.Span(offset + (firstRow * BytesPerRow), (int)(rows * BytesPerRow));
    }

    /// <summary>Says that the rows have been read; see <see cref="MappedFile.Release"/>.</summary>
    internal void Release() => file.Release(offset, Rows * BytesPerRow);
}
