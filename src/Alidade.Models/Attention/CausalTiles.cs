using Alidade.Models.Native;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>
/// Causal attention of one sequence in tiles: query i of n sees the keys 0 to (keys − n) + i, so that the n queries may be the end of a longer text. What no query of a tile
/// sees is not computed, and the heads of a tile are an even share for the threads.
/// </summary>
/// <remarks>
/// The library's operation goes through 512 keys at a time, seen or not, and its backward pass is shared out by key heads, of which there are few. Given the output and the
/// logs of the sums over all keys, the gradient over some of the keys is a sum of its own (Dao et al. 2022, arXiv 2205.14135, algorithm 4), so that backward can be cut both ways.
/// </remarks>
internal sealed class CausalTiles : IDisposable
{
    /// <summary>Fewer queries are not worth the calls.</summary>
    public const int LeastQueries = 256;

    // Queries of a call forward, where only what lies behind them is left out, and backward.
    private const int ForwardTile = 256, Tile = 128;

    private readonly Tensor mask;

    /// <param name="mostKeys">The longest sequence of keys.</param>
    /// <param name="dtype">Number type of the scores.</param>
    /// <param name="device">Where they are.</param>
    public CausalTiles(long mostKeys, ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        // Rows of a tile, and zeros before its triangle for any number of keys.
        mask = cat([zeros([ForwardTile, mostKeys], dtype, device), full([ForwardTile, ForwardTile], Scalars.MinusInfinity, dtype, device).triu(1)], 1).unsqueeze(0).unsqueeze(0).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => mask.Dispose();

    /// <param name="q">[1, heads, queries, head size].</param>
    /// <param name="k">[1, key heads, keys, head size].</param>
    /// <param name="v">[1, key heads, keys, head size].</param>
    /// <param name="scale">Factor of the scores; null for 1/√(head size).</param>
    /// <returns>softmax(s·qkᵀ + mask)·v, [1, heads, queries, head size], and the log of each query's sum of exponentials, [1, heads, queries].</returns>
    public (Tensor Output, Tensor LogSums) Forward(Tensor q, Tensor k, Tensor v, double? scale)
    {
        using var scope = NewDisposeScope();
        var (queries, before) = (q.size(2), k.size(2) - q.size(2));
        var (outputs, logSums) = (new List<Tensor>(), new List<Tensor>());
        for (var start = 0L; start < queries; start += ForwardTile)
        {
            var count = Math.Min(ForwardTile, queries - start);
            var keys = before + start + count;
            var seen = mask.narrow(2, 0, count).narrow(3, mask.size(3) - ForwardTile + count - keys, keys);
            var (o, sums) = Interop.FlashAttention(q.narrow(2, start, count), k.narrow(2, 0, keys), v.narrow(2, 0, keys), seen, isCausal: false, scale);
            outputs.Add(o.transpose(1, 2));
            logSums.Add(sums.transpose(1, 2));
        }

        return (cat(outputs, 1).transpose(1, 2).MoveToOuterDisposeScope(), cat(logSums, 1).transpose(1, 2).MoveToOuterDisposeScope());
    }

    /// <summary>The gradients of queries, keys and values, in this scope.</summary>
    public static (Tensor Query, Tensor Key, Tensor Value) Backward(Tensor gradient, Tensor q, Tensor k, Tensor v, Tensor output, Tensor logSums, double? scale)
    {
        using var scope = NewDisposeScope();
        var parts = new Backwards(gradient, q, k, v, output, logSums, scale);
        var (queries, before) = (q.size(2), k.size(2) - q.size(2));
        // 1. Whole tiles of the diagonal, all at once, and what is left behind them.
        var whole = queries / Tile * Tile;
        if (whole > 0)
            parts.Add((0, whole), (before, whole), whole / Tile, whole / Tile, causal: true);
        if (whole < queries)
            parts.Add((whole, queries - whole), (before + whole, queries - whole), 1, 1, causal: true);
        // 2. Below the diagonal.
        foreach (var (first, middle, end) in Halves(0, queries))
            parts.AddRectangle((middle, end - middle), (before + first, middle - first));
        // 3. What stands before the queries.
        if (before > 0)
            parts.AddRectangle((0, queries), (0, before));
        return (parts.Query.MoveToOuterDisposeScope(), parts.Key.MoveToOuterDisposeScope(), parts.Value.MoveToOuterDisposeScope());
    }

    // Cuts a triangle into two and the square between them, until a tile is left.
    private static IEnumerable<(long First, long Middle, long End)> Halves(long first, long end)
    {
        if (end - first <= Tile)
            return [];
        var middle = first + (((end - first + Tile - 1) / Tile + 1) / 2 * Tile);
        return [(first, middle, end), .. Halves(first, middle), .. Halves(middle, end)];
    }

    /// <summary>Sums of gradients over rectangles of queries and keys.</summary>
    private sealed class Backwards(Tensor gradient, Tensor q, Tensor k, Tensor v, Tensor output, Tensor logSums, double? scale)
    {
        public Tensor Query { get; } = Zeros(q);

        public Tensor Key { get; } = Zeros(k);

        public Tensor Value { get; } = Zeros(v);

        /// <summary>All queries see all keys. Two halves of the queries are an even share for two threads.</summary>
        public void AddRectangle((long Start, long Count) queries, (long Start, long Count) keys)
        {
            var even = queries.Count / 2 * 2;
            if (even > 0)
                Add((queries.Start, even), keys, 2, 1, causal: false);
            if (even < queries.Count)
                Add((queries.Start + even, 1), keys, 1, 1, causal: false);
        }

        /// <param name="queries">Where they begin, and how many.</param>
        /// <param name="keys">Where they begin, and how many.</param>
        /// <param name="queryTiles">Into how many tiles the queries are cut.</param>
        /// <param name="keyTiles">Into how many tiles the keys are cut: as many, each seen by its own queries, or one, seen by all.</param>
        /// <param name="causal">Whether query i sees keys 0 to i of its tile, or all.</param>
        public void Add((long Start, long Count) queries, (long Start, long Count) keys, long queryTiles, long keyTiles, bool causal)
        {
            using var scope = NewDisposeScope();
            Tensor OfQueries(Tensor x) => Cut(x.narrow(2, queries.Start, queries.Count), queryTiles);
            Tensor OfKeys(Tensor x) => Cut(x.narrow(2, keys.Start, keys.Count), keyTiles);
            Tensor Spread(Tensor x) => OfKeys(x).expand(queryTiles, -1, -1, -1);
            var sums = OfQueries(logSums.unsqueeze(3)).squeeze(3);
            var (dq, dk, dv) = Interop.FlashAttentionBackward(OfQueries(gradient), OfQueries(q), Spread(k), Spread(v), OfQueries(output), sums, null, causal, scale);
            OfQueries(Query).add_(dq, Scalars.One);
            for (var first = 0L; first < queryTiles; first += keyTiles)
            {
                OfKeys(Key).add_(dk.narrow(0, first, keyTiles), Scalars.One);
                OfKeys(Value).add_(dv.narrow(0, first, keyTiles), Scalars.One);
            }
        }

        // [1, heads, positions, size] to [tiles, heads, positions / tiles, size]; a view, for positions lie outermost in memory.
        private static Tensor Cut(Tensor x, long tiles) => x.transpose(1, 2).view(tiles, x.size(2) / tiles, x.size(1), x.size(3)).transpose(1, 2);

        // Positions outermost, as in queries, keys and values.
        private static Tensor Zeros(Tensor x) => zeros([x.size(0), x.size(2), x.size(1), x.size(3)], x.dtype, x.device).transpose(1, 2);
    }
}
