using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Quantized;

/// <summary>
/// Y = X̂Ŵᵀ with Ŵ the numbers that the packed weights stand for and X̂ the activations rounded to bytes (<see cref="QuantizedActivations"/>). For each block the
/// codes are multiplied in integers, exactly; blocks are added in float32, in order.
/// </summary>
/// <remarks>
/// Against the product with the activations as they were: |Δy| ≤ Σ_blocks δ/2 · Σ|w| + γ(3·blocks + 2) · Σ_blocks (|d|·Σq·127δ + |m|·|δΣx̂|), γ(n) = n·2⁻²⁴. The scheme
/// is that of GGML's block products (ggml-cpu, vec_dot with Q8_0 and Q8_1 activations), with float32 scales of the activations.
/// </remarks>
internal static unsafe class PackedProduct
{
    /// <summary>The instruction sets that this machine has, the best first; the last is always there.</summary>
    public static IReadOnlyList<InstructionSet> Supported { get; } =
        [.. Enum.GetValues<InstructionSet>().Where(s => s switch { InstructionSet.Avx512 => Lanes512.IsSupported, InstructionSet.Avx2 => Lanes256.IsSupported, _ => true })];

    /// <summary>The instruction set in use, unless a call names another.</summary>
    public static InstructionSet Best => Supported[0];

    /// <summary>The products of a run of tiles with all rows.</summary>
    /// <param name="weights">W.</param>
    /// <param name="x">X̂, with as many columns.</param>
    /// <param name="y">Where the results go; a row has <paramref name="stride"/> numbers.</param>
    /// <param name="stride">Numbers from one row of y to the next.</param>
    /// <param name="from">First tile.</param>
    /// <param name="to">Tile after the last.</param>
    /// <param name="set">How.</param>
    public static void Tiles(PackedMatrix weights, QuantizedActivations x, float* y, long stride, int from, int to, InstructionSet set)
    {
        switch (set)
        {
            case InstructionSet.Avx512:
                Tiles<Lanes512, Vector512<byte>, Vector512<float>>(weights, x, y, stride, from, to);
                break;
            case InstructionSet.Avx2:
                Tiles<Lanes256, Vector256<byte>, Vector256<float>>(weights, x, y, stride, from, to);
                break;
            default:
                Tiles<Lanes1, uint, float>(weights, x, y, stride, from, to);
                break;
        }
    }

    private static void Tiles<TLanes, TBytes, TFloats>(PackedMatrix weights, QuantizedActivations x, float* y, long stride, int from, int to)
        where TLanes : ILanes<TBytes, TFloats>
        where TBytes : unmanaged
        where TFloats : unmanaged
    {
        if (x.Rows == 1)
        {
            Row<TLanes, TBytes, TFloats>(weights, x, y, from, to);
            return;
        }

        var sums = stackalloc float[QuantizedActivations.GroupRows * PackedMatrix.TileRows];
        for (var tile = from; tile < to; tile++)
        {
            var outputs = Math.Min(PackedMatrix.TileRows, weights.Rows - (tile * PackedMatrix.TileRows));
            for (var group = 0; group < x.Groups; group++)
            {
                var rows = Math.Min(QuantizedActivations.GroupRows, x.Rows - (group * QuantizedActivations.GroupRows));
                new Span<float>(sums, rows * PackedMatrix.TileRows).Clear();
                for (var lane = 0; lane < PackedMatrix.TileRows; lane += TLanes.Count)
                    Tile<TLanes, TBytes, TFloats>(weights, weights.Tile(tile), lane, x, group, rows, sums + lane);
                for (var row = 0; row < rows; row++)
                {
                    var to_ = y + (((group * QuantizedActivations.GroupRows) + row) * stride) + (tile * PackedMatrix.TileRows);
                    new ReadOnlySpan<float>(sums + (row * PackedMatrix.TileRows), outputs).CopyTo(new(to_, outputs));
                }
            }
        }
    }

    private static void Row<TLanes, TBytes, TFloats>(PackedMatrix weights, QuantizedActivations x, float* y, int from, int to)
        where TLanes : ILanes<TBytes, TFloats>
        where TBytes : unmanaged
        where TFloats : unmanaged
    {
        var sums = stackalloc float[PackedMatrix.TileRows];
        for (var tile = from; tile < to; tile++)
        {
            var outputs = weights.Rows - (tile * PackedMatrix.TileRows);
            var at = y + ((long)tile * PackedMatrix.TileRows);
            var target = outputs < PackedMatrix.TileRows ? sums : at;
            for (var lane = 0; lane < PackedMatrix.TileRows; lane += 2 * TLanes.Count)
                RowTile<TLanes, TBytes, TFloats>(weights, weights.Tile(tile), lane, x, target + lane);
            if (target == sums)
                new ReadOnlySpan<float>(sums, outputs).CopyTo(new(at, outputs));
        }
    }

    // One tile with a single row. The sums stay in registers; where a tile is two vectors wide, both share the activations, and each line of memory is read once.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RowTile<TLanes, TBytes, TFloats>(PackedMatrix weights, byte* tile, int lane, QuantizedActivations x, float* sums)
        where TLanes : ILanes<TBytes, TFloats>
        where TBytes : unmanaged
        where TFloats : unmanaged
    {
        var both = TLanes.Count < PackedMatrix.TileRows;
        var (layout, bytes, blocks) = (weights.Layout, weights.TileBlockBytes, weights.Blocks);
        var (minimums, planes) = (layout.HasMinimum, layout.Planes);
        var offset = TLanes.Broadcast((float)-layout.Offset);
        var codes = x.Codes(0);
        var scales = x.Scales(0);
        var blockSums = x.Sums(0);
        byte* plane = tile + weights.PlanesOffset + (4 * lane), next = plane + (4 * TLanes.Count);
        var half = (ushort*)tile + lane;
        TFloats sum = default, nextSum = default, scale, nextScale = default;
        for (var block = 0; block < blocks; block++, half += bytes / 2, plane += bytes, next += bytes, codes += BlockLayout.Values)
        {
            var blockSum = TLanes.Broadcast(blockSums[block]);
            scale = TLanes.LoadHalf(half);
            sum = TLanes.MultiplyAdd(minimums ? TLanes.LoadHalf(half + PackedMatrix.TileRows) : TLanes.Multiply(scale, offset), blockSum, sum);
            if (both)
            {
                nextScale = TLanes.LoadHalf(half + TLanes.Count);
                nextSum = TLanes.MultiplyAdd(minimums ? TLanes.LoadHalf(half + PackedMatrix.TileRows + TLanes.Count) : TLanes.Multiply(nextScale, offset), blockSum, nextSum);
            }

            var step = TLanes.Broadcast(scales[block]);
            for (var p = 0; p < 256 * planes; p += 256)
            {
                TBytes total = default, nextTotal = default;
                for (var i = 0; i < 4; i++)
                {
                    var (first, second) = (TLanes.Broadcast(codes + (4 * i)), TLanes.Broadcast(codes + 16 + (4 * i)));
                    var pairs = TLanes.Load(plane + p + (64 * i));
                    total = TLanes.Accumulate(TLanes.Accumulate(total, TLanes.Low(pairs), first), TLanes.High(pairs), second);
                    if (both)
                    {
                        pairs = TLanes.Load(next + p + (64 * i));
                        nextTotal = TLanes.Accumulate(TLanes.Accumulate(nextTotal, TLanes.Low(pairs), first), TLanes.High(pairs), second);
                    }
                }

                sum = TLanes.MultiplyAdd(TLanes.Multiply(scale, step), TLanes.Total(total), sum);
                if (both)
                    nextSum = TLanes.MultiplyAdd(TLanes.Multiply(nextScale, step), TLanes.Total(nextTotal), nextSum);
                step = TLanes.Multiply(step, TLanes.Broadcast(16f));
            }
        }

        TLanes.Store(sum, sums);
        if (both)
            TLanes.Store(nextSum, sums + TLanes.Count);
    }

    // Some lanes of one tile with one group of rows. A block's codes are unpacked into registers once for all rows.
    // Optimised at the first call: the first token is waited for.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TLanes, TBytes, TFloats>(PackedMatrix weights, byte* tile, int lane, QuantizedActivations x, int group, int rows, float* sums)
        where TLanes : ILanes<TBytes, TFloats>
        where TBytes : unmanaged
        where TFloats : unmanaged
    {
        var layout = weights.Layout;
        var offset = TLanes.Broadcast((float)-layout.Offset);
        var codes = x.Codes(group);
        var scales = x.Scales(group);
        var blockSums = x.Sums(group);
        for (var block = 0; block < weights.Blocks; block++, tile += weights.TileBlockBytes, codes += x.Stride * BlockLayout.Values, scales += x.Stride, blockSums += x.Stride)
        {
            var scale = TLanes.LoadHalf((ushort*)tile + lane);
            var minimum = layout.HasMinimum ? TLanes.LoadHalf((ushort*)tile + PackedMatrix.TileRows + lane) : TLanes.Multiply(scale, offset);
            var plane = tile + weights.PlanesOffset + (4 * lane);
            for (var row = 0; row < rows; row++)
            {
                var at = sums + (row * PackedMatrix.TileRows);
                TLanes.Store(TLanes.MultiplyAdd(minimum, TLanes.Broadcast(blockSums[row]), TLanes.Load(at)), at);
            }

            Plane<TLanes, TBytes, TFloats>(plane, scale, codes, scales, rows, sums);
            if (layout.Planes == 2)
                Plane<TLanes, TBytes, TFloats>(plane + 256, TLanes.Multiply(scale, TLanes.Broadcast(16f)), codes, scales, rows, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Plane<TLanes, TBytes, TFloats>(byte* plane, TFloats scale, sbyte* codes, float* scales, int rows, float* sums)
        where TLanes : ILanes<TBytes, TFloats>
        where TBytes : unmanaged
        where TFloats : unmanaged
    {
        var (p0, p1, p2, p3) = (TLanes.Load(plane), TLanes.Load(plane + 64), TLanes.Load(plane + 128), TLanes.Load(plane + 192));
        var (w0, w1, w2, w3) = (TLanes.Low(p0), TLanes.Low(p1), TLanes.Low(p2), TLanes.Low(p3));
        var (w4, w5, w6, w7) = (TLanes.High(p0), TLanes.High(p1), TLanes.High(p2), TLanes.High(p3));
        for (var row = 0; row < rows; row++, codes += BlockLayout.Values, sums += PackedMatrix.TileRows)
        {
            var sum = TLanes.Accumulate(default, w0, TLanes.Broadcast(codes));
            sum = TLanes.Accumulate(sum, w1, TLanes.Broadcast(codes + 4));
            sum = TLanes.Accumulate(sum, w2, TLanes.Broadcast(codes + 8));
            sum = TLanes.Accumulate(sum, w3, TLanes.Broadcast(codes + 12));
            sum = TLanes.Accumulate(sum, w4, TLanes.Broadcast(codes + 16));
            sum = TLanes.Accumulate(sum, w5, TLanes.Broadcast(codes + 20));
            sum = TLanes.Accumulate(sum, w6, TLanes.Broadcast(codes + 24));
            sum = TLanes.Accumulate(sum, w7, TLanes.Broadcast(codes + 28));
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Multiply(scale, TLanes.Broadcast(scales[row])), TLanes.Total(sum), TLanes.Load(sums)), sums);
        }
    }
}

/// <summary>How <see cref="PackedProduct"/> computes; all agree bit for bit. The best comes first.</summary>
internal enum InstructionSet
{
    /// <summary>AVX-512 (F, BW).</summary>
    Avx512,

    /// <summary>AVX2 and FMA.</summary>
    Avx2,

    /// <summary>Without vector instructions.</summary>
    Scalar,
}
