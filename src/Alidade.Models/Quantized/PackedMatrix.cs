using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using Alidade.Core;

namespace Alidade.Models.Quantized;

/// <summary>
/// A weight matrix in the codes and scales of its file, laid out for <see cref="PackedProduct"/>: the rows in tiles of sixteen, a tile block by block. In a
/// tile block stand sixteen scales and, where the file has them, sixteen minimums (16-bit floats), then for each plane four vectors of 64 bytes, in which
/// row r has bytes 4r to 4r + 3.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Rows of a tile.</summary>
    public const int TileRows = 16;

    private const int PlaneBytes = TileRows * BlockLayout.Values / 2;
    private readonly LargePages pages;
    private byte* data;

    private PackedMatrix(BlockLayout layout, string format, int rows, int columns)
    {
        (Layout, Format, Rows, Columns) = (layout, format, rows, columns);
        PlanesOffset = TileRows * sizeof(ushort) * (layout.HasMinimum ? 2 : 1);
        TileBlockBytes = PlanesOffset + (layout.Planes * PlaneBytes);
        Bytes = (long)Tiles * Blocks * TileBlockBytes;
        pages = LargePages.Take((nuint)Bytes, out data);
        // The last tile may have fewer rows.
        if (rows % TileRows != 0)
            NativeMemory.Clear(Tile(Tiles - 1), (nuint)(Blocks * TileBlockBytes));
        GC.AddMemoryPressure(Bytes);
    }

    ~PackedMatrix() => Free();

    /// <summary>How a block is taken apart.</summary>
    public BlockLayout Layout { get; }

    /// <summary>The format of the file, such as Q4_1.</summary>
    public string Format { get; }

    /// <summary>Outputs.</summary>
    public int Rows { get; }

    /// <summary>Inputs, a multiple of 32.</summary>
    public int Columns { get; }

    /// <summary>Bytes in memory.</summary>
    public long Bytes { get; }

    /// <summary>Tiles, the last one filled up with zeros.</summary>
    public int Tiles => (Rows + TileRows - 1) / TileRows;

    /// <summary>Blocks of a row.</summary>
    public int Blocks => Columns / BlockLayout.Values;

    /// <summary>Bytes of one tile block.</summary>
    public int TileBlockBytes { get; }

    /// <summary>Where the planes begin in a tile block.</summary>
    public int PlanesOffset { get; }

    /// <summary>The blocks of one row as the file holds them.</summary>
    public delegate ReadOnlySpan<byte> RowBlocks(int row);

    /// <summary>Packs a tensor.</summary>
    /// <param name="format">A format of <see cref="BlockLayout.Formats"/>.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns, a multiple of 32.</param>
    /// <param name="row">The blocks of a row, as the file holds them; called from several threads.</param>
    /// <param name="where">File and tensor, for errors.</param>
    /// <exception cref="AlidadeException">A scale or a minimum is infinite or not a number.</exception>
    public static PackedMatrix Pack(string format, int rows, int columns, RowBlocks row, string where)
    {
        var layout = BlockLayout.Of(format) ?? throw new ArgumentException($"{format} is no format of {nameof(BlockLayout)}", nameof(format));
        if (columns % BlockLayout.Values != 0)
            throw new ArgumentException($"{columns} columns are no whole blocks of {BlockLayout.Values}", nameof(columns));
        var matrix = new PackedMatrix(layout, format, rows, columns);
        var finite = true;
        Parallel.For(0, matrix.Tiles, tile =>
        {
            if (!matrix.PackTile(tile, row))
                Volatile.Write(ref finite, false);
        });
        if (!finite)
        {
            matrix.Dispose();
            throw new AlidadeException($"{where}: a scale is infinite or not a number; the file is damaged");
        }

        return matrix;
    }

    /// <summary>Where a tile begins.</summary>
    public byte* Tile(int tile) => data + ((long)tile * Blocks * TileBlockBytes);

    /// <summary>Decodes one row to the numbers that its format defines.</summary>
    public void Decode(int row, Span<float> values)
    {
        ObjectDisposedException.ThrowIf(data is null, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows);
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Columns);
        var lane = row % TileRows;
        var at = Tile(row / TileRows);
        for (var block = 0; block < Blocks; block++, at += TileBlockBytes, values = values[BlockLayout.Values..])
        {
            var scale = (float)((Half*)at)[lane];
            var minimum = Layout.HasMinimum ? (float)((Half*)at)[TileRows + lane] : 0f;
            for (var k = 0; k < BlockLayout.Values; k++)
            {
                var code = 0;
                for (var plane = 0; plane < Layout.Planes; plane++)
                {
                    var pair = at[PlanesOffset + (plane * PlaneBytes) + (k % 16 / 4 * 64) + (lane * 4) + (k % 4)];
                    code |= (k < 16 ? pair & 15 : pair >> 4) << (4 * plane);
                }

                // As the formats' reference decoders round: the product, then the sum.
                values[k] = (scale * (code - Layout.Offset)) + minimum;
            }
        }
    }

    /// <summary>Adds the matrix as it is held to a hash.</summary>
    public void AddTo(IncrementalHash hash)
    {
        ObjectDisposedException.ThrowIf(data is null, this);
        for (var tile = 0; tile < Tiles; tile++)
            hash.AppendData(new ReadOnlySpan<byte>(Tile(tile), Blocks * TileBlockBytes));
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool PackTile(int tile, RowBlocks source)
    {
        var planes = stackalloc byte[32];
        var finite = true;
        for (var lane = 0; lane < TileRows && (tile * TileRows) + lane < Rows; lane++)
        {
            var blocks = source((tile * TileRows) + lane);
            if (blocks.Length != Blocks * Layout.Bytes)
                throw new ArgumentException($"{blocks.Length} bytes are no row of {Columns} numbers in {Format}", nameof(source));
            fixed (byte* first = blocks)
            {
                var (from, to) = ((nint)first, (nint)Tile(tile));
                for (var block = 0; block < Blocks; block++, from += Layout.Bytes, to += TileBlockBytes)
                    finite &= PackBlock((byte*)from, (byte*)to, lane, planes);
            }
        }

        return finite;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool PackBlock(byte* from, byte* to, int lane, byte* planes)
    {
        var stored = (Half*)from;
        var scales = (Half*)to;
        Layout.Split(from + Layout.Head, planes);
        var words = (uint*)planes;
        var target = (uint*)(to + PlanesOffset) + lane;
        for (var i = 0; i < 4 * Layout.Planes; i++)
            target[i * TileRows] = words[i];
        scales[lane] = stored[0];
        if (Layout.HasMinimum)
            scales[TileRows + lane] = stored[1];
        return Half.IsFinite(stored[0]) && (!Layout.HasMinimum || Half.IsFinite(stored[1]));
    }

    private void Free()
    {
        if (data is null)
            return;
        pages.Return();
        data = null;
        GC.RemoveMemoryPressure(Bytes);
    }
}
