using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>Rows of tokens for an encoder, filled up on the right to one width. Padding is seen by nobody, and what stands at its positions means nothing.</summary>
public sealed class EncoderBatch : IDisposable
{
    private EncoderBatch(IReadOnlyList<int> lengths, int width, Tensor ids, Tensor typeIds, Tensor? real)
    {
        (Lengths, Width) = (lengths, width);
        (Ids, TypeIds, Real) = (ids.DetachFromDisposeScope(), typeIds.DetachFromDisposeScope(), real?.DetachFromDisposeScope());
    }

    /// <summary>Tokens of each row.</summary>
    public IReadOnlyList<int> Lengths { get; }

    /// <summary>Tokens of the longest row.</summary>
    public int Width { get; }

    /// <summary>[rows, positions], int64; 0 at padding.</summary>
    public Tensor Ids { get; }

    /// <summary>[rows, positions], int64: which segment a token belongs to; 0 at padding.</summary>
    public Tensor TypeIds { get; }

    /// <summary>[rows, positions], true for a token and false for padding; null when nothing is padded.</summary>
    public Tensor? Real { get; }

    /// <summary>The largest token id, to be held against the vocabulary.</summary>
    internal long LargestId { get; private init; }

    /// <summary>The largest type id.</summary>
    internal long LargestType { get; private init; }

    /// <summary>Rows as a batch.</summary>
    /// <param name="rows">Token ids of each row, special tokens included.</param>
    /// <param name="typeIds">The type id of each token; all 0 when null.</param>
    /// <exception cref="AlidadeException">There is no row, a row is empty, an id is negative, or a row's type ids are not as many as its tokens.</exception>
    public static EncoderBatch Of(IReadOnlyList<IReadOnlyList<int>> rows, IReadOnlyList<IReadOnlyList<int>>? typeIds = null)
    {
        if (rows.Count == 0 || rows.Any(r => r.Count == 0))
            throw new AlidadeException("a batch for an encoder needs at least one row, and every row at least one token");
        if (typeIds is not null && (typeIds.Count != rows.Count || typeIds.Where((t, i) => t.Count != rows[i].Count).Any()))
            throw new AlidadeException("every token of a batch needs one type id");
        int[] lengths = [.. rows.Select(r => r.Count)];
        var width = lengths.Max();
        var ids = Filled(rows, width);
        var types = typeIds is null ? new long[ids.Length] : Filled(typeIds, width);
        if (ids.Min() < 0 || types.Min() < 0)
            throw new AlidadeException($"a token id is {ids.Min()} and a type id {types.Min()}; none can be below 0");
        using var scope = NewDisposeScope();
        var real = lengths.All(l => l == width) ? null : tensor(lengths.SelectMany(l => Enumerable.Range(0, width).Select(i => i < l)).ToArray(), [rows.Count, width]);
        return new(lengths, width, tensor(ids, [rows.Count, width]), tensor(types, [rows.Count, width]), real) { LargestId = ids.Max(), LargestType = types.Max() };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Ids.Dispose();
        TypeIds.Dispose();
        Real?.Dispose();
    }

    /// <summary>Indices of rows in groups of similar length, each group of at most <paramref name="tokens"/> tokens with its padding, or of one row.</summary>
    internal static IEnumerable<int[]> Groups(IReadOnlyList<int> lengths, int tokens)
    {
        var group = new List<int>();
        foreach (var row in Enumerable.Range(0, lengths.Count).OrderByDescending(i => lengths[i]))
        {
            // The first row of a group is its longest.
            if (group.Count > 0 && (group.Count + 1L) * lengths[group[0]] > tokens)
            {
                yield return [.. group];
                group.Clear();
            }

            group.Add(row);
        }

        if (group.Count > 0)
            yield return [.. group];
    }

    private static long[] Filled(IReadOnlyList<IReadOnlyList<int>> rows, int width)
    {
        var values = new long[rows.Count * width];
        for (var row = 0; row < rows.Count; row++)
            for (var i = 0; i < rows[row].Count; i++)
                values[(row * width) + i] = rows[row][i];
        return values;
    }
}
