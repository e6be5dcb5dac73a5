using System.Collections.Concurrent;
using System.Globalization;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>
/// Byte-pair encoding: the pair of neighbouring symbols whose merge was learned first is joined, the leftmost first, until no pair can be joined.
/// </summary>
/// <remarks>
/// Sennrich et al. 2016 (arXiv 1508.07909), algorithm 1; details as Hugging Face tokenizers: an unknown character becomes the unknown token, or nothing
/// when there is none, and byte fallback is all or nothing for a character. Words are remembered, up to a bound.
/// </remarks>
internal sealed class BytePairEncoding : ISubwordModel
{
    private const int LongestRemembered = 64, MostRemembered = 1 << 17;

    private readonly BytePairVocabulary vocabulary;
    private readonly Dictionary<long, (int Rank, int Id)> merges;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids;
    private readonly int[] singles = new int[ByteAlphabet.End];
    private readonly int unknown = -1;
    private readonly ConcurrentDictionary<string, Subword[]> remembered = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Subword[]>.AlternateLookup<ReadOnlySpan<char>> lookup;
    private int rememberedCount;

    /// <summary>Prepares the model.</summary>
    /// <param name="vocabulary">Tokens, merges and options.</param>
    /// <param name="name">The file's name for messages.</param>
    /// <exception cref="AlidadeException">A merge or the unknown token is not in the vocabulary.</exception>
    public BytePairEncoding(BytePairVocabulary vocabulary, string name)
    {
        this.vocabulary = vocabulary;
        ids = vocabulary.Ids.GetAlternateLookup<ReadOnlySpan<char>>();
        lookup = remembered.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var c = 0; c < singles.Length; c++)
            singles[c] = vocabulary.Ids.GetValueOrDefault(((char)c).ToString(), -1);
        if (vocabulary.Unknown is { } token && !vocabulary.Ids.TryGetValue(token, out unknown))
            throw new AlidadeException($"{name}: model.unk_token '{token}' is not in model.vocab");
        var prefix = vocabulary.ContinuingPrefix?.Length ?? 0;
        merges = new(vocabulary.Merges.Count);
        for (var rank = 0; rank < vocabulary.Merges.Count; rank++)
        {
            var (left, right) = vocabulary.Merges[rank];
            var (a, b) = (IdOf(left), IdOf(right));
            var joined = IdOf(left + right[Math.Min(right.StartsWith(vocabulary.ContinuingPrefix ?? "", StringComparison.Ordinal) ? prefix : 0, right.Length)..]);
            // Where a pair is listed twice the later rank holds, as in the reference.
            merges[Key(a, b)] = (rank, joined);

            int IdOf(string part) => vocabulary.Ids.TryGetValue(part, out var id) ? id
                : throw new AlidadeException($"{name}: model.merges[{rank}] '{left} {right}' needs the token '{part}', which is not in model.vocab");
        }
    }

    /// <inheritdoc/>
    public Subword[] Tokenize(ReadOnlySpan<char> piece)
    {
        if (piece.Length == 0)
            return [];
        if (piece.Length > LongestRemembered)
            return Merge(piece);
        if (lookup.TryGetValue(piece, out var known))
            return known;
        var word = Merge(piece);
        // Approximate under concurrency; only the memory depends on it, never a result.
        if (rememberedCount < MostRemembered && remembered.TryAdd(piece.ToString(), word))
            rememberedCount++;
        return word;
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;

    private Subword[] Merge(ReadOnlySpan<char> piece)
    {
        if (vocabulary.IgnoreMerges && ids.TryGetValue(piece, out var whole))
            return [new(whole, System.Text.Encoding.UTF8.GetByteCount(piece))];
        var symbols = Symbols(piece);
        if (symbols.Count < 2)
            return [.. symbols];
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
            if (right >= symbols.Count || !merges.TryGetValue(Key(symbols[left].Id, symbols[right].Id), out var merge)
                || merge.Id != id || merge.Rank != (int)(priority >> 32))
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
        return [.. symbols];

        void Offer(int left, int right)
        {
            if (right < symbols.Count && merges.TryGetValue(Key(symbols[left].Id, symbols[right].Id), out var merge))
                queue.Enqueue((left, merge.Id), ((long)merge.Rank << 32) | (uint)left);
        }
    }

    private List<Subword> Symbols(ReadOnlySpan<char> piece)
    {
        var symbols = new List<Subword>(piece.Length);
        var plain = vocabulary.ContinuingPrefix is null && vocabulary.EndSuffix is null;
        var pending = 0;
        for (int i = 0, length; i < piece.Length; i += length)
        {
            length = CodePoints.LengthAt(piece, i);
            var bytes = CodePoints.Utf8Length(CodePoints.At(piece, i));
            var id = plain ? Single(piece.Slice(i, length)) : Affixed(piece, i, length);
            if (id >= 0)
            {
                Flush();
                symbols.Add(new(id, bytes));
            }
            else if (!vocabulary.ByteFallback || !AddBytes(piece.Slice(i, length), symbols))
            {
                if (!vocabulary.FuseUnknown)
                    Flush();
                pending += bytes;
            }
        }

        Flush();
        return symbols;

        void Flush()
        {
            if (pending > 0 && unknown >= 0)
                symbols.Add(new(unknown, pending));
            pending = 0;
        }
    }

    private int Single(ReadOnlySpan<char> character) =>
        character.Length == 1 && character[0] < singles.Length ? singles[character[0]] : ids.TryGetValue(character, out var id) ? id : -1;

    private int Affixed(ReadOnlySpan<char> piece, int start, int length)
    {
        var symbol = piece.Slice(start, length).ToString();
        if (start > 0)
            symbol = vocabulary.ContinuingPrefix + symbol;
        if (start + length == piece.Length)
            symbol += vocabulary.EndSuffix;
        return vocabulary.Ids.GetValueOrDefault(symbol, -1);
    }

    private bool AddBytes(ReadOnlySpan<char> character, List<Subword> symbols)
    {
        Span<byte> bytes = stackalloc byte[4];
        var count = ByteAlphabet.Encode(CodePoints.At(character, 0), bytes);
        var found = new Subword[count];
        for (var i = 0; i < count; i++)
        {
            if (!vocabulary.Ids.TryGetValue(string.Create(CultureInfo.InvariantCulture, $"<0x{bytes[i]:X2}>"), out var id))
                return false;
            found[i] = new(id, 1);
        }

        symbols.AddRange(found);
        return true;
    }
}
