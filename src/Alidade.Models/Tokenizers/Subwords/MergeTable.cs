using System.Runtime.InteropServices;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>Which pairs of tokens join, in what order, and to which token; and the joining itself.</summary>
internal sealed class MergeTable
{
    private const int Never = int.MaxValue;

    // Up to here a search through all pairs for the first to join is faster than a queue.
    private const int ShortWord = 48;

    // Open addressing with a power of two, at most half full; 0 is free.
    private readonly ulong[] keys;
    private readonly (int Rank, int Id)[] joined;

    /// <summary>Reads the merges of a vocabulary.</summary>
    /// <exception cref="AlidadeException">A merge needs a token that the vocabulary does not have.</exception>
    public MergeTable(BytePairVocabulary vocabulary, string name)
    {
        var size = 4;
        while (size < 2 * vocabulary.Merges.Count)
            size *= 2;
        keys = new ulong[size];
        joined = new (int, int)[size];
        var prefix = vocabulary.ContinuingPrefix ?? "";
        for (var rank = 0; rank < vocabulary.Merges.Count; rank++)
        {
            var (left, right) = vocabulary.Merges[rank];
            var key = Key(IdOf(left), IdOf(right));
            var slot = Slot(key);
            // Where a pair is listed twice the later rank holds, as in the reference.
            keys[slot] = key;
            joined[slot] = (rank, IdOf(left + (right.StartsWith(prefix, StringComparison.Ordinal) ? right[prefix.Length..] : right)));

            int IdOf(string part) => vocabulary.Ids.TryGetValue(part, out var id) ? id
                : throw new AlidadeException($"{name}: model.merges[{rank}] '{left} {right}' needs the token '{part}', which is not in model.vocab");
        }
    }

    /// <summary>Joins symbols until no pair joins any more: of all pairs the one learned first, of equal pairs the leftmost.</summary>
    public void Join(List<Symbol> symbols)
    {
        if (symbols.Count < 2)
            return;
        if (symbols.Count <= ShortWord)
            JoinShort(symbols);
        else
            JoinLong(symbols);
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32 | (uint)right) + 1;

    private int Slot(ulong key)
    {
        var mask = keys.Length - 1;
        var slot = (int)(key * 0x9E3779B97F4A7C15 >> 40) & mask;
        while (keys[slot] != 0 && keys[slot] != key)
            slot = (slot + 1) & mask;
        return slot;
    }

    private (int Rank, int Id) Find(int left, int right)
    {
        var slot = Slot(Key(left, right));
        return keys[slot] == 0 ? (Never, -1) : joined[slot];
    }

    private void JoinShort(List<Symbol> list)
    {
        var symbols = CollectionsMarshal.AsSpan(list);
        var count = symbols.Length;
        // For each symbol what it would become with the one after it.
        Span<(int Rank, int Id)> pairs = stackalloc (int, int)[ShortWord];
        for (var i = 0; i + 1 < count; i++)
            pairs[i] = Find(symbols[i].Id, symbols[i + 1].Id);
        for (; ; )
        {
            var (best, rank) = (0, Never);
            for (var i = 0; i + 1 < count; i++)
                if (pairs[i].Rank < rank)
                    (best, rank) = (i, pairs[i].Rank);
            if (rank == Never)
                break;
            symbols[best] = new(pairs[best].Id, symbols[best].Bytes + symbols[best + 1].Bytes);
            symbols[(best + 2)..count].CopyTo(symbols[(best + 1)..]);
            pairs[(best + 2)..count].CopyTo(pairs[(best + 1)..]);
            count--;
            if (best > 0)
                pairs[best - 1] = Find(symbols[best - 1].Id, symbols[best].Id);
            if (best + 1 < count)
                pairs[best] = Find(symbols[best].Id, symbols[best + 1].Id);
        }

        CollectionsMarshal.SetCount(list, count);
    }

    private void JoinLong(List<Symbol> symbols)
    {
        var next = new int[symbols.Count];
        var previous = new int[symbols.Count];
        var queue = new PriorityQueue<(int Left, int Id), long>();
        for (var i = 0; i < symbols.Count; i++)
        {
            next[i] = i + 1;
            previous[i] = i - 1;
            Offer(i, i + 1);
        }

        while (queue.TryDequeue(out var found, out var priority))
        {
            var (left, id) = found;
            var right = symbols[left].Id < 0 ? symbols.Count : next[left];
            // An entry is stale when one of its two symbols has been joined with another since.
            if (right >= symbols.Count || Find(symbols[left].Id, symbols[right].Id) != ((int)(priority >> 32), id))
                continue;
            symbols[left] = new(id, symbols[left].Bytes + symbols[right].Bytes);
            symbols[right] = new(-1, 0);
            next[left] = next[right];
            if (next[right] < symbols.Count)
                previous[next[right]] = left;
            if (previous[left] >= 0)
                Offer(previous[left], left);
            Offer(left, next[left]);
        }

        symbols.RemoveAll(s => s.Id < 0);

        void Offer(int left, int right)
        {
            if (right < symbols.Count && Find(symbols[left].Id, symbols[right].Id) is { Rank: not Never } pair)
                queue.Enqueue((left, pair.Id), ((long)pair.Rank << 32) | (uint)left);
        }
    }

    /// <summary>A part of a word while it is put together: a token, and the bytes of UTF-8 that it stands for.</summary>
    internal readonly record struct Symbol(int Id, int Bytes);
}
