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
    // Longer pieces are texts more often than words; they are cut where the merges allow it.
    private const int LongestWord = 32;

    private readonly BytePairVocabulary vocabulary;
    private readonly MergeTable merges;
    private readonly WordBorders? borders;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids;
    private readonly int[] singles = new int[char.MaxValue + 1];
    private readonly int[]? byteIds;
    private readonly int unknown = -1;
    private readonly WordMemory memory = new();

    /// <summary>Prepares the model.</summary>
    /// <param name="vocabulary">Tokens, merges and options.</param>
    /// <param name="name">The file's name for messages.</param>
    /// <exception cref="AlidadeException">A merge or the unknown token is not in the vocabulary.</exception>
    public BytePairEncoding(BytePairVocabulary vocabulary, string name)
    {
        this.vocabulary = vocabulary;
        ids = vocabulary.Ids.GetAlternateLookup<ReadOnlySpan<char>>();
        Array.Fill(singles, -1);
        foreach (var (token, id) in vocabulary.Ids)
            if (token.Length == 1)
                singles[token[0]] = id;
        if (vocabulary.Unknown is { } text && !vocabulary.Ids.TryGetValue(text, out unknown))
            throw new AlidadeException($"{name}: model.unk_token '{text}' is not in model.vocab");
        merges = new(vocabulary, name);
        if (HasPlainSymbols && !vocabulary.IgnoreMerges)
            borders = new(vocabulary.Merges, singles);
        if (vocabulary.ByteFallback)
            byteIds = [.. Enumerable.Range(0, 256).Select(b => vocabulary.Ids.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>"), -1))];
    }

    private bool HasPlainSymbols => vocabulary.ContinuingPrefix is null && vocabulary.EndSuffix is null;

    /// <inheritdoc/>
    public Subword[] Tokenize(ReadOnlySpan<char> piece)
    {
        // Where characters are dropped the offsets of the whole piece run behind.
        if (piece.Length <= LongestWord || borders is null || (unknown < 0 && HasUnknown(piece)))
            return Word(piece);
        var tokens = new List<Subword>(piece.Length / 3);
        for (int start = 0, end; start < piece.Length; start = end)
        {
            end = borders.EndOfWord(piece, start);
            foreach (var token in Word(piece[start..end]))
                tokens.Add(new(token.Id, start + token.Start, start + token.End));
        }

        return [.. tokens];
    }

    private bool HasUnknown(ReadOnlySpan<char> piece)
    {
        foreach (var c in piece)
            if (singles[c] < 0)
                return true;
        return false;
    }

    private Subword[] Word(ReadOnlySpan<char> word)
    {
        if (word.Length == 0)
            return [];
        if (memory.TryGet(word, out var known))
            return known;
        var tokens = Merged(word);
        memory.Add(word, tokens);
        return tokens;
    }

    private Subword[] Merged(ReadOnlySpan<char> word)
    {
        if (vocabulary.IgnoreMerges && ids.TryGetValue(word, out var whole))
            return [new(whole, 0, word.Length)];
        var symbols = Symbols(word);
        merges.Join(symbols);
        return Placed(word, symbols);
    }

    // From bytes of UTF-8 to the units of the word. Where characters were dropped the count runs behind, as in the reference, and a border inside a character
    // takes the whole of it.
    private static Subword[] Placed(ReadOnlySpan<char> word, List<MergeTable.Symbol> symbols)
    {
        var tokens = new Subword[symbols.Count];
        var (unit, bytesBefore, position) = (0, 0, 0);
        for (var i = 0; i < tokens.Length; i++)
        {
            Advance(word, position, ref unit, ref bytesBefore);
            var start = unit;
            position += symbols[i].Bytes;
            Advance(word, position - 1, ref unit, ref bytesBefore);
            tokens[i] = new(symbols[i].Id, start, unit + CodePoints.LengthAt(word, unit));
        }

        return tokens;

        static void Advance(ReadOnlySpan<char> word, int position, ref int unit, ref int bytesBefore)
        {
            for (; ; )
            {
                var bytes = CodePoints.Utf8Length(CodePoints.At(word, unit));
                var length = CodePoints.LengthAt(word, unit);
                if (position < bytesBefore + bytes || unit + length >= word.Length)
                    return;
                bytesBefore += bytes;
                unit += length;
            }
        }
    }

    private List<MergeTable.Symbol> Symbols(ReadOnlySpan<char> word)
    {
        var symbols = new List<MergeTable.Symbol>(word.Length);
        var plain = HasPlainSymbols;
        var pending = 0;
        for (int i = 0, length; i < word.Length; i += length)
        {
            length = CodePoints.LengthAt(word, i);
            var bytes = CodePoints.Utf8Length(CodePoints.At(word, i));
            var id = plain ? Single(word.Slice(i, length)) : Affixed(word, i, length);
            if (id >= 0)
            {
                Flush();
                symbols.Add(new(id, bytes));
            }
            else if (byteIds is null || !AddBytes(CodePoints.At(word, i), symbols))
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

    private int Single(ReadOnlySpan<char> character) => character.Length == 1 ? singles[character[0]] : ids.TryGetValue(character, out var id) ? id : -1;

    private int Affixed(ReadOnlySpan<char> word, int start, int length)
    {
        var symbol = word.Slice(start, length).ToString();
        if (start > 0)
            symbol = vocabulary.ContinuingPrefix + symbol;
        if (start + length == word.Length)
            symbol += vocabulary.EndSuffix;
        return vocabulary.Ids.GetValueOrDefault(symbol, -1);
    }

    private bool AddBytes(int character, List<MergeTable.Symbol> symbols)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes = bytes[..ByteAlphabet.Encode(character, bytes)];
        foreach (var b in bytes)
            if (byteIds![b] < 0)
                return false;
        foreach (var b in bytes)
            symbols.Add(new(byteIds![b], 1));
        return true;
    }
}
