using Alidade.Models.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>
/// Attention over a packed forest. Large trees go segment by segment: a root is plain causal attention, a branch sees its ancestors' keys and its own.
/// Small trees go together in blocks of similar length, where the padding of attention alone costs less than a call for each segment.
/// </summary>
internal sealed class BranchedAttention : IAttention
{
    /// <summary>Trees up to this many tokens are small.</summary>
    private const int SmallTree = 192;

    /// <summary>A block holds at most this many query–key pairs.</summary>
    private const int BlockPairs = 1 << 20;

    private readonly int headsPerKey;
    private readonly DisposeScope owned;
    private readonly List<Block> blocks = [];
    private readonly List<Piece> pieces = [];
    private readonly Tensor? order;

    public BranchedAttention(BranchedBatch batch, int headsPerKey, Device device, ScalarType dtype)
    {
        this.headsPerKey = headsPerKey;
        owned = NewDisposeScope();
        Length = batch.Length;
        Positions = tensor(batch.Positions.Select(p => (long)p).ToArray(), [1, batch.Ids.Count], device: device);
        var outputs = new List<int>();
        foreach (var trees in SmallBlocks(batch))
        {
            var width = trees.Max(t => t.Count);
            var gather = new long[trees.Count * width];
            var keep = new List<long>();
            for (var row = 0; row < trees.Count; row++)
            {
                for (var i = 0; i < width; i++)
                {
                    // Padding repeats a token of the tree; its output is dropped.
                    gather[(row * width) + i] = trees[row].Start + Math.Min(i, trees[row].Count - 1);
                    if (i >= trees[row].Count)
                        continue;
                    keep.Add((row * width) + i);
                    outputs.Add(trees[row].Start + i);
                }
            }

            var mask = tensor(TreeMask.Of(batch, trees, width), [trees.Count, 1, width, width], dtype, device);
            blocks.Add(new(tensor(gather, device: device), tensor(keep.ToArray(), device: device), mask, trees.Count, width, keep.Count == gather.Length));
        }

        foreach (var tree in batch.Trees.Where(t => t.Count > SmallTree))
        {
            foreach (var s in tree.Segments)
            {
                pieces.Add(PieceOf(batch, s, device, dtype));
                outputs.AddRange(Enumerable.Range(batch.Offsets[s], batch.Segments[s].Ids.Count));
            }
        }

        if (!outputs.SequenceEqual(Enumerable.Range(0, outputs.Count)))
        {
            var inverse = new long[outputs.Count];
            for (var i = 0; i < outputs.Count; i++)
                inverse[outputs[i]] = i;
            order = tensor(inverse, device: device);
        }

        owned.Detach([.. Owned()]);
        owned.Dispose();
    }

    public Tensor Positions { get; }

    public long Length { get; }

    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v)
    {
        using var scope = NewDisposeScope();
        k = Heads.Repeat(k, headsPerKey);
        v = Heads.Repeat(v, headsPerKey);
        var outputs = new List<Tensor>(blocks.Count + pieces.Count);
        foreach (var block in blocks)
            outputs.Add(block.Attend(q, k, v));
        foreach (var piece in pieces)
            outputs.Add(piece.Attend(q, k, v));
        var joined = outputs.Count == 1 ? outputs[0] : cat(outputs, 1);
        return (order is null ? joined : joined.index_select(1, order)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in Owned())
            tensor.Dispose();
    }

    private IEnumerable<Tensor> Owned()
    {
        IEnumerable<Tensor?> all = [Positions, order, .. blocks.SelectMany(b => new[] { b.Gather, b.Keep, b.Mask }), .. pieces.Select(p => p.Mask)];
        return all.OfType<Tensor>();
    }

    // Trees of similar length share a block, so that at most a quarter of its rows is padding.
    private static IEnumerable<IReadOnlyList<BranchedBatch.Tree>> SmallBlocks(BranchedBatch batch)
    {
        var block = new List<BranchedBatch.Tree>();
        foreach (var tree in batch.Trees.Where(t => t.Count <= SmallTree).OrderByDescending(t => t.Count))
        {
            if (block.Count > 0 && (tree.Count * 4 < block[0].Count * 3 || (block.Count + 1) * block[0].Count * block[0].Count > BlockPairs))
            {
                yield return block;
                block = [];
            }

            block.Add(tree);
        }

        if (block.Count > 0)
            yield return block;
    }

    private static Piece PieceOf(BranchedBatch batch, int s, Device device, ScalarType dtype)
    {
        var count = batch.Segments[s].Ids.Count;
        var ancestors = new List<(int Start, int Count)>();
        for (var a = batch.Segments[s].Parent; a >= 0; a = batch.Segments[a].Parent)
            ancestors.Insert(0, (batch.Offsets[a], batch.Segments[a].Ids.Count));
        if (ancestors.Count == 0)
            return new(batch.Offsets[s], count, [], null);
        var before = ancestors.Sum(a => a.Count);
        using var scope = NewDisposeScope();
        var own = full([count, count], float.NegativeInfinity, dtype, device).triu(1);
        var mask = cat([zeros([count, before], dtype, device), own], 1).unsqueeze(0).unsqueeze(0).MoveToOuterDisposeScope();
        return new(batch.Offsets[s], count, ancestors, mask);
    }

    private sealed record Block(Tensor Gather, Tensor Keep, Tensor Mask, int Rows, int Width, bool Full)
    {
        public Tensor Attend(Tensor q, Tensor k, Tensor v)
        {
            using var scope = NewDisposeScope();
            var z = Heads.Attend(Spread(q), Spread(k), Spread(v), Mask, causal: false).reshape(1, Rows * Width, q.size(2), q.size(3));
            return (Full ? z : z.index_select(1, Keep)).MoveToOuterDisposeScope();
        }

        private Tensor Spread(Tensor x) => x.index_select(1, Gather).view(Rows, Width, x.size(2), x.size(3));
    }

    private sealed record Piece(int Start, int Count, IReadOnlyList<(int Start, int Count)> Ancestors, Tensor? Mask)
    {
        public Tensor Attend(Tensor q, Tensor k, Tensor v)
        {
            using var scope = NewDisposeScope();
            return Heads.Attend(q.narrow(1, Start, Count), Seen(k), Seen(v), Mask, Mask is null).MoveToOuterDisposeScope();
        }

        private Tensor Seen(Tensor x)
        {
            var own = x.narrow(1, Start, Count);
            return Ancestors.Count == 0 ? own : cat([.. Ancestors.Select(a => x.narrow(1, a.Start, a.Count)), own], 1);
        }
    }
}
