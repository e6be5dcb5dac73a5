using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Batches;

/// <summary>Rows of tokens of one width with an explicit attention mask: the plain, padded form. Hooks see their activations in it.</summary>
public sealed class TokenGrid : IDisposable
{
    private TokenGrid(Tensor ids, Tensor positions, Tensor? mask, long length, IReadOnlyList<long> lastTokens)
    {
        Ids = ids.DetachFromDisposeScope();
        Positions = positions.DetachFromDisposeScope();
        Mask = mask?.DetachFromDisposeScope();
        Length = length;
        LastTokens = lastTokens;
    }

    /// <summary>[rows, positions], int64.</summary>
    public Tensor Ids { get; }

    /// <summary>[rows, positions], int64: the position of each token in its own sequence.</summary>
    public Tensor Positions { get; }

    /// <summary>[rows, 1, query, key], float32, 0 where a query sees a key and −∞ elsewhere; null for plain causal attention without padding.</summary>
    public Tensor? Mask { get; }

    /// <summary>Longest position plus one.</summary>
    public long Length { get; }

    /// <summary>Place of the last token in each row, padding left aside.</summary>
    public IReadOnlyList<long> LastTokens { get; }

    /// <summary>Rows of equal length, no padding.</summary>
    public static TokenGrid Of(params IReadOnlyList<int>[] rows)
    {
        var width = rows[0].Count;
        if (rows.Any(r => r.Count != width))
            return Padded(rows, padLeft: false);
        var ids = Ints(rows.SelectMany(r => r), rows.Length, width);
        using var scope = NewDisposeScope();
        return new(ids, arange(width, ScalarType.Int64).unsqueeze(0).expand(rows.Length, width), null, width, [.. rows.Select(_ => width - 1L)]);
    }

    /// <summary>Rows of any length, padded with token 0; padding is seen by nobody and its outputs mean nothing.</summary>
    /// <param name="rows">Token ids.</param>
    /// <param name="padLeft">Where the padding goes.</param>
    public static TokenGrid Padded(IReadOnlyList<IReadOnlyList<int>> rows, bool padLeft)
    {
        var width = rows.Max(r => r.Count);
        var ids = new long[rows.Count * width];
        var counts = new bool[rows.Count * width];
        for (var row = 0; row < rows.Count; row++)
        {
            var start = (row * width) + (padLeft ? width - rows[row].Count : 0);
            for (var i = 0; i < rows[row].Count; i++)
                (ids[start + i], counts[start + i]) = (rows[row][i], true);
        }

        return Masked(ids, counts, rows.Count, width);
    }

    /// <summary>Rows with a mask of what counts; positions count the tokens that do.</summary>
    /// <param name="ids">Row by row.</param>
    /// <param name="counts">True for a token, false for padding.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="width">Tokens in a row.</param>
    public static TokenGrid Masked(long[] ids, bool[] counts, int rows, int width)
    {
        var positions = new long[rows * width];
        var mask = new float[rows * width * width];
        var last = new long[rows];
        for (var row = 0; row < rows; row++)
        {
            var seen = 0L;
            last[row] = Array.LastIndexOf(counts, true, ((row + 1) * width) - 1, width) - (row * width);
            if (last[row] < 0)
                throw new AlidadeException($"row {row} of the batch is all padding; leave it out");
            for (var q = 0; q < width; q++)
            {
                var here = (row * width) + q;
                positions[here] = counts[here] ? seen++ : Math.Max(seen - 1, 0);
                for (var k = 0; k < width; k++)
                {
                    // A padding query sees itself, so that its softmax is finite.
                    var visible = k <= q && counts[here] && counts[(row * width) + k];
                    mask[(here * width) + k] = visible || k == q ? 0 : float.NegativeInfinity;
                }
            }
        }

        return new(tensor(ids, [rows, width]), tensor(positions, [rows, width]), tensor(mask, [rows, 1, width, width]), positions.Max() + 1, last);
    }

    /// <summary>One row for each tree of a branched batch: the prefix and all its branches side by side, with the tree's own mask.</summary>
    public static TokenGrid Of(BranchedBatch batch)
    {
        var trees = batch.Trees;
        var width = trees.Max(t => t.Count);
        var ids = new long[trees.Count * width];
        var positions = new long[trees.Count * width];
        var mask = TreeMask.Of(batch, trees, width);
        for (var row = 0; row < trees.Count; row++)
        {
            for (var i = 0; i < trees[row].Count; i++)
            {
                ids[(row * width) + i] = batch.Ids[trees[row].Start + i];
                positions[(row * width) + i] = batch.Positions[trees[row].Start + i];
            }
        }

        return new(tensor(ids, [trees.Count, width]), tensor(positions, [trees.Count, width]), tensor(mask, [trees.Count, 1, width, width]), batch.Length, [.. trees.Select(t => t.Count - 1L)]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Ids.Dispose();
        Positions.Dispose();
        Mask?.Dispose();
    }

    private static Tensor Ints(IEnumerable<int> values, int rows, int width) => tensor(values.Select(v => (long)v).ToArray(), [rows, width]);
}
