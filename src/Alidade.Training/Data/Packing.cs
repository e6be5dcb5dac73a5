using Alidade.Core;

namespace Alidade.Training.Data;

/// <summary>A stretch of one row inside a packed row.</summary>
/// <param name="Row">Index of the row.</param>
/// <param name="Start">Its first token.</param>
/// <param name="End">One past its last token.</param>
public readonly record struct PackedPiece(int Row, int Start, int End);

/// <summary>
/// Puts short rows together into rows of one length. Alidade's batches need no packing to be free of padding; it exists to repeat training runs of others.
/// </summary>
/// <remarks>TRL 1.16 <c>pack_dataset</c>: "bfd", "bfd_split" and "wrapped", each by thousands of rows.</remarks>
public static class Packing
{
    private const int Chunk = 1000;

    /// <summary>
    /// Best fit decreasing: rows cut to the length; by decreasing length (stable), each into the open row with the smallest sufficient space, the oldest among
    /// equals; a new row otherwise. Empty rows vanish.
    /// </summary>
    /// <exception cref="AlidadeException">The length is below 1.</exception>
    public static IReadOnlyList<IReadOnlyList<PackedPiece>> BestFit(IReadOnlyList<int> lengths, int length) =>
        Chunked(lengths, length, rows => Fit([.. rows.Where(r => lengths[r] > 0).Select(r => new PackedPiece(r, 0, Math.Min(lengths[r], length)))], length));

    /// <summary>As <see cref="BestFit"/>, with what a cut leaves over as further rows.</summary>
    public static IReadOnlyList<IReadOnlyList<PackedPiece>> BestFitSplit(IReadOnlyList<int> lengths, int length) =>
        Chunked(lengths, length, rows => Fit([.. rows.SelectMany(r => Pieces(r, lengths[r], length))], length));

    /// <summary>All tokens in a row, cut every <paramref name="length"/>; documents go on across the cuts and see each other.</summary>
    public static IReadOnlyList<IReadOnlyList<PackedPiece>> Wrapped(IReadOnlyList<int> lengths, int length) => Chunked(lengths, length, rows =>
    {
        var packed = new List<List<PackedPiece>>();
        var room = 0;
        foreach (var row in rows)
            for (var start = 0; start < lengths[row];)
            {
                if (room == 0)
                {
                    packed.Add([]);
                    room = length;
                }

                var taken = Math.Min(room, lengths[row] - start);
                packed[^1].Add(new(row, start, start + taken));
                start += taken;
                room -= taken;
            }

        return packed;
    });

    private static List<IReadOnlyList<PackedPiece>> Chunked(
        IReadOnlyList<int> lengths, int length, Func<IEnumerable<int>, IEnumerable<IReadOnlyList<PackedPiece>>> pack)
    {
        if (length < 1)
            throw new AlidadeException($"rows cannot be packed into rows of {length} tokens; the length must be at least 1");
        if (lengths.Any(l => l < 0))
            throw new AlidadeException($"a row of {lengths.Min()} tokens cannot be packed");
        return [.. Enumerable.Range(0, lengths.Count).Chunk(Chunk).SelectMany(pack)];
    }

    private static IEnumerable<PackedPiece> Pieces(int row, int count, int length)
    {
        for (var start = 0; start < count; start += length)
            yield return new(row, start, Math.Min(start + length, count));
    }

    private static List<List<PackedPiece>> Fit(List<PackedPiece> pieces, int length)
    {
        var packed = new List<List<PackedPiece>>();
        var open = new SortedDictionary<int, Queue<List<PackedPiece>>>();
        foreach (var piece in pieces.OrderByDescending(p => p.End - p.Start))
        {
            var size = piece.End - piece.Start;
            var space = open.Keys.FirstOrDefault(s => s >= size, -1);
            List<PackedPiece> row;
            if (space < 0)
            {
                packed.Add(row = []);
                space = length;
            }
            else
            {
                row = open[space].Dequeue();
                if (open[space].Count == 0)
                    open.Remove(space);
            }

            row.Add(piece);
            if (space == size)
                continue;
            if (!open.TryGetValue(space - size, out var queue))
                open.Add(space - size, queue = new());
            queue.Enqueue(row);
        }

        return packed;
    }
}
