using System.Collections.Concurrent;

namespace Alidade.Models.Tokenizers;

/// <summary>Remembers the tokens of short words, up to a bound; a language's words come again and again.</summary>
internal sealed class WordMemory
{
    /// <summary>Longer words are not remembered.</summary>
    public const int LongestWord = 64;

    private const int MostWords = 1 << 17;

    private readonly ConcurrentDictionary<string, Subword[]> words = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Subword[]>.AlternateLookup<ReadOnlySpan<char>> lookup;
    private int count;

    /// <summary>An empty memory.</summary>
    public WordMemory() => lookup = words.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The tokens of a word that was seen before.</summary>
    public bool TryGet(ReadOnlySpan<char> word, out Subword[] tokens)
    {
        if (word.Length <= LongestWord && lookup.TryGetValue(word, out var found))
        {
            tokens = found;
            return true;
        }

        tokens = [];
        return false;
    }

    /// <summary>Remembers a word while there is room.</summary>
    public void Add(ReadOnlySpan<char> word, Subword[] tokens)
    {
        // The count is approximate under concurrency; only the memory depends on it, never a result.
        if (word.Length <= LongestWord && count < MostWords && words.TryAdd(word.ToString(), tokens))
            count++;
    }
}
