using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using Alidade.Models.Native;
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

    private readonly DecoderConfig config;
    private readonly DisposeScope owned;
    private readonly List<Block> blocks = [];
    private readonly List<Piece> pieces = [];
    private readonly List<long> runs = [];
    private readonly Tensor? order;
    private readonly CausalTiles? tiles;

    public BranchedAttention(DecoderConfig config, BranchedBatch batch, Device device, ScalarType dtype)
    {
        this.config = config;
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
            var index = tensor(gather, device: device);
            var positions = Positions.index_select(1, index).view(trees.Count, width);
            var masks = new LayerMasks(config, Length, mask, positions, () => positions, dtype);
            blocks.Add(new(index, tensor(keep.ToArray(), device: device), mask, masks, trees.Count, width, keep.Count == gather.Length));
        }

        if (batch.Trees.Any(t => t.Count > SmallTree))
            tiles = new(batch.Length, dtype, device);

        // The packed tokens cut into runs: a segment of a large tree, or a small tree as a whole.
        var runOf = new int[batch.Segments.Count];
        foreach (var tree in batch.Trees)
        {
            if (tree.Count <= SmallTree)
            {
                runs.Add(tree.Count);
                continue;
            }

            foreach (var s in tree.Segments)
            {
                runOf[s] = runs.Count;
                runs.Add(batch.Segments[s].Ids.Count);
                pieces.Add(PieceOf(batch, s, runOf, dtype));
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

    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v, BlockTape? tape = null)
    {
        using var scope = NewDisposeScope();
        var outputs = new List<Tensor>(blocks.Count + pieces.Count);
        foreach (var block in blocks)
            outputs.Add(block.Attend(config.Scores, layer, q, k, v, tape));
        if (pieces.Count > 0)
        {
            // One split, for the gradient of its parts is one concatenation; that of a narrow is a tensor of zeros each.
            var sizes = runs.ToArray();
            var (queries, keys, values) = (q.split(sizes, 1), k.split(sizes, 1), v.split(sizes, 1));
            foreach (var piece in pieces)
                outputs.Add(piece.Attend(config.Scores, layer, queries, keys, values, tape));
        }

        var joined = outputs.Count == 1 ? outputs[0] : cat(outputs, 1);
        return (order is null ? joined : joined.index_select(1, order)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in Owned())
            tensor.Dispose();
        tiles?.Dispose();
        foreach (var masks in blocks.Select(b => b.Masks).Concat(pieces.Select(p => p.Masks)))
            masks.Dispose();
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

    private Piece PieceOf(BranchedBatch batch, int s, int[] runOf, ScalarType dtype)
    {
        var count = batch.Segments[s].Ids.Count;
        int[] seen = [runOf[s]];
        int[] path = [s];
        var before = 0;
        for (var a = batch.Segments[s].Parent; a >= 0; a = batch.Segments[a].Parent)
            (seen, path, before) = ([runOf[a], .. seen], [a, .. path], before + batch.Segments[a].Ids.Count);
        using var scope = NewDisposeScope();
        // The ancestors' positions are those before the segment's own.
        var keys = arange(before + count, ScalarType.Int64, Positions.device).unsqueeze(0);
        Tensor? mask = null;
        var hides = path.Any(p => batch.Segments[p].Hidden?.Contains(true) == true);
        if (before > 0 || hides)
        {
            var own = full([count, count], Scalars.MinusInfinity, dtype, Positions.device).triu(1);
            var all = before > 0 ? cat([zeros([count, before], dtype, Positions.device), own], 1) : own;
            if (hides)
            {
                // A token sees itself always.
                bool[] marks = [.. path.SelectMany(p => batch.Segments[p].Hidden ?? new bool[batch.Segments[p].Ids.Count])];
                var others = ones([count, before + count], ScalarType.Bool, Positions.device).logical_and(eye(count, before + count, ScalarType.Bool, Positions.device).roll([before], [1]).logical_not());
                all = all.masked_fill(others.logical_and(tensor(marks, device: Positions.device).unsqueeze(0)), Scalars.MinusInfinity);
            }

            mask = all.unsqueeze(0).unsqueeze(0).MoveToOuterDisposeScope();
        }

        var masks = new LayerMasks(config, Length, mask, keys.narrow(1, before, count), () => keys, dtype);
        return new(runOf[s], seen, mask, masks, hides || !masks.ArePlain || count < CausalTiles.LeastQueries ? null : tiles);
    }

    private sealed record Block(Tensor Gather, Tensor Keep, Tensor Mask, LayerMasks Masks, int Rows, int Width, bool Full)
    {
        public Tensor Attend(ScoreRule rule, int layer, Tensor q, Tensor k, Tensor v, BlockTape? tape)
        {
            using var scope = NewDisposeScope();
            var z = Heads.Attend(Spread(q), Spread(k), Spread(v), Masks.Of(layer), causal: false, rule, tape).reshape(1, Rows * Width, q.size(2), q.size(3));
            return (Full ? z : z.index_select(1, Keep)).MoveToOuterDisposeScope();
        }

        private Tensor Spread(Tensor x) => x.index_select(1, Gather).view(Rows, Width, x.size(2), x.size(3));
    }

    // One segment: its run, and the runs that it sees, its own last.
    private sealed record Piece(int Run, int[] Seen, Tensor? Mask, LayerMasks Masks, CausalTiles? Tiles)
    {
        public Tensor Attend(ScoreRule rule, int layer, Tensor[] queries, Tensor[] keys, Tensor[] values, BlockTape? tape)
        {
            using var scope = NewDisposeScope();
            var mask = Masks.Of(layer);
            return Heads.Attend(queries[Run], Joined(keys), Joined(values), mask, causal: mask is null, rule, tape, Tiles).MoveToOuterDisposeScope();
        }

        private Tensor Joined(Tensor[] parts) => Seen.Length == 1 ? parts[Run] : cat([.. Seen.Select(run => parts[run])], 1);
    }
}
