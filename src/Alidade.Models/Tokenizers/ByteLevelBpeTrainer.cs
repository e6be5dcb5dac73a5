using System.Runtime.InteropServices;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>
/// Learns a byte-level BPE tokenizer: starting from the 256 bytes, the pair of neighbouring tokens that is seen most often becomes a token, until the
/// vocabulary has its size. Of pairs seen equally often the one with the smaller ids wins, so the same texts give the same tokenizer.
/// </summary>
/// <remarks>
/// Sennrich et al. 2016 (arXiv 1508.07909) on GPT-2's bytes and words (Radford et al. 2019). Gives the vocabulary and merges of Hugging Face tokenizers'
/// BpeTrainer with the byte alphabet. Ids: special tokens, the 256 bytes, then the merges in the order in which they were learned.
/// </remarks>
public sealed class ByteLevelBpeTrainer
{
    /// <summary>Tokens to end up with, special tokens and bytes included; fewer when the texts have no more pairs. Default 2,048.</summary>
    public int VocabularySize { get; init; } = 2048;

    /// <summary>How often a pair must be seen to become a token. Default 2.</summary>
    public int MinimumFrequency { get; init; } = 2;

    /// <summary>Control tokens, which take the first ids. Default none.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = [];

    /// <summary>The special token that begins a text; null for none.</summary>
    public string? BeginningOfText { get; init; }

    /// <summary>The special token that ends a text; null for none.</summary>
    public string? EndOfText { get; init; }

    /// <summary>The special token that pads; null for none.</summary>
    public string? Padding { get; init; }

    /// <summary>The chat template's source that the tokenizer carries; null for none.</summary>
    public string? ChatTemplateSource { get; init; }

    /// <summary>Whether every digit is a token of its own, as in SmolLM2. Default false.</summary>
    public bool IndividualDigits { get; init; }

    /// <summary>Learns from texts. Line ends inside a text are part of it.</summary>
    /// <exception cref="AlidadeException">An option is out of range, or a token that should begin, end or pad is not among the special ones.</exception>
    public Tokenizer Train(IEnumerable<string> texts)
    {
        var tokens = Start();
        var (words, counts) = Count(texts, tokens.Ids);
        var merges = Learn(words, counts, tokens);
        var byteLevel = GgufPreTokenizers.ByteLevel(useRegex: true);
        return new(new TokenizerDefinition
        {
            Name = "the trained tokenizer",
            Model = new BytePairVocabulary { Ids = tokens.Ids, Merges = merges },
            AddedTokens = [.. SpecialTokens.Select((t, i) => new AddedToken(i, t) { Special = true })],
            PreTokenizer = TokenizerDefinition.Component(IndividualDigits ? GgufPreTokenizers.DigitsAndByteLevel : byteLevel),
            PostProcessor = TokenizerDefinition.Component(byteLevel),
            Decoder = TokenizerDefinition.Component(byteLevel),
            BeginningOfText = IdOf(BeginningOfText),
            EndOfText = IdOf(EndOfText),
            Padding = IdOf(Padding),
            ChatTemplateSource = ChatTemplateSource,
        });

        int? IdOf(string? token)
        {
            if (token is null)
                return null;
            for (var i = 0; i < SpecialTokens.Count; i++)
                if (SpecialTokens[i] == token)
                    return i;
            throw new AlidadeException($"'{token}' is to begin, end or pad a text but is not among the special tokens ({string.Join(", ", SpecialTokens)})");
        }
    }

    private Vocabulary Start()
    {
        if (VocabularySize < 256 + SpecialTokens.Count)
            throw new AlidadeException($"the vocabulary size {VocabularySize} is too small; it must hold 256 bytes and {SpecialTokens.Count} special tokens");
        if (MinimumFrequency < 1)
            throw new AlidadeException($"the minimum frequency {MinimumFrequency} must be at least 1");
        var vocabulary = new Vocabulary();
        foreach (var token in SpecialTokens)
            if (token.Length == 0 || !vocabulary.Add(token))
                throw new AlidadeException($"the special token '{token}' is empty or stands twice in the list");
        foreach (var c in Enumerable.Range(0, 256).Select(b => ByteAlphabet.Character((byte)b)).Order())
            vocabulary.Add(c.ToString());
        return vocabulary;
    }

    // Words in ordinal order with how often each was seen, as lists of ids.
    private (List<int[]> Words, List<long> Counts) Count(IEnumerable<string> texts, Dictionary<string, int> ids)
    {
        IPreTokenizer cutter = new ByteLevelPreTokenizer(addPrefixSpace: false, useRegex: true);
        if (IndividualDigits)
            cutter = new SequencePreTokenizer([new SplitPreTokenizer(new CharacterPattern(CodePoints.IsNumeric)), cutter]);
        var specials = new AddedTokenFinder(SpecialTokens.Select((t, i) => (t, new AddedToken(i, t) { Special = true })));
        var seen = new Dictionary<string, long>(StringComparer.Ordinal);
        var lookup = seen.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var text in texts)
        {
            var pieces = new List<Piece>();
            specials.Cut(new(CodePoints.WellFormed(text), 0), parseSpecial: true, pieces);
            foreach (var piece in cutter.Cut(pieces))
                if (piece.IsText)
                    CollectionsMarshal.GetValueRefOrAddDefault(lookup, piece.Span, out _)++;
        }

        var sorted = seen.OrderBy(x => x.Key, StringComparer.Ordinal).ToList();
        return (sorted.ConvertAll(x => x.Key.Select(c => ids[c.ToString()]).ToArray()), sorted.ConvertAll(x => x.Value));
    }

    private List<(string Left, string Right)> Learn(List<int[]> words, List<long> counts, Vocabulary tokens)
    {
        // 1. How often each pair is seen, and in which words.
        var pairs = new Dictionary<(int Left, int Right), Pair>();
        for (var w = 0; w < words.Count; w++)
            for (var i = 0; i + 1 < words[w].Length; i++)
                Change((words[w][i], words[w][i + 1]), counts[w], w);
        var queue = new PriorityQueue<(int Left, int Right), (long MinusCount, int Left, int Right)>();
        foreach (var (pair, found) in pairs)
            queue.Enqueue(pair, (-found.Count, pair.Left, pair.Right));

        // 2. The commonest pair becomes a token, in every word that has it; the neighbours' pairs change.
        var merges = new List<(string Left, string Right)>();
        while (tokens.Texts.Count < VocabularySize && queue.TryDequeue(out var best, out var priority))
        {
            var found = pairs[best];
            if (found.Count != -priority.MinusCount)
            {
                // The count has changed since: back in line with the true one.
                if (found.Count > 0)
                    queue.Enqueue(best, (-found.Count, best.Left, best.Right));
                continue;
            }

            if (found.Count < MinimumFrequency)
                break;
            var joined = tokens.Texts[best.Left] + tokens.Texts[best.Right];
            merges.Add((tokens.Texts[best.Left], tokens.Texts[best.Right]));
            tokens.Add(joined);
            var id = tokens.Ids[joined];
            var changed = new HashSet<(int Left, int Right)>();
            foreach (var w in found.Words)
                words[w] = Join(words[w], best, id, (pair, sign) =>
                {
                    Change(pair, sign * counts[w], w);
                    changed.Add(pair);
                });
            found.Count = 0;
            foreach (var pair in changed)
                if (pair != best && pairs[pair].Count > 0)
                    queue.Enqueue(pair, (-pairs[pair].Count, pair.Left, pair.Right));
        }

        return merges;

        void Change((int Left, int Right) pair, long count, int word)
        {
            ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(pairs, pair, out _);
            entry ??= new();
            entry.Count += count;
            if (count > 0)
                entry.Words.Add(word);
        }
    }

    private static int[] Join(int[] word, (int Left, int Right) pair, int id, Action<(int Left, int Right), int> change)
    {
        var output = new List<int>(word.Length);
        for (var i = 0; i < word.Length; i++)
        {
            if (i + 1 == word.Length || word[i] != pair.Left || word[i + 1] != pair.Right)
            {
                output.Add(word[i]);
                continue;
            }

            if (output.Count > 0)
            {
                change((output[^1], pair.Left), -1);
                change((output[^1], id), 1);
            }

            if (i + 2 < word.Length)
            {
                change((pair.Right, word[i + 2]), -1);
                change((id, word[i + 2]), 1);
            }

            output.Add(id);
            i++;
        }

        return [.. output];
    }

    private sealed class Pair
    {
        public long Count { get; set; }

        public HashSet<int> Words { get; } = [];
    }

    private sealed class Vocabulary
    {
        public Dictionary<string, int> Ids { get; } = new(StringComparer.Ordinal);

        public List<string> Texts { get; } = [];

        // Two pairs may join to the same token; it keeps the id that it has.
        public bool Add(string token)
        {
            if (!Ids.TryAdd(token, Texts.Count))
                return false;
            Texts.Add(token);
            return true;
        }
    }
}
