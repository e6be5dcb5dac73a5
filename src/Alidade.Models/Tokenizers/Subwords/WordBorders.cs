namespace Alidade.Models.Tokenizers;

/// <summary>
/// Places that no merge of a BPE model crosses: between two characters that are tokens and of which no merge joins a token that ends in the first with one
/// that begins with the second. A text cut there gives the same tokens, and its words can be remembered, also for a model without a pre-tokenizer.
/// </summary>
internal sealed class WordBorders
{
    private readonly int[] singles;
    private readonly ulong[] asciiPairs = new ulong[2 * 128];
    private readonly HashSet<int> pairs = [];

    /// <summary>Reads the merges.</summary>
    /// <param name="merges">The merges.</param>
    /// <param name="singles">For each UTF-16 unit the token that it is alone, or −1.</param>
    public WordBorders(IReadOnlyList<(string Left, string Right)> merges, int[] singles)
    {
        this.singles = singles;
        foreach (var (left, right) in merges)
        {
            if (left.Length == 0 || right.Length == 0)
                continue;
            var (a, b) = (left[^1], right[0]);
            if (a < 128 && b < 128)
                asciiPairs[2 * a + (b >> 6)] |= 1UL << (b & 63);
            else
                pairs.Add(a << 16 | b);
        }
    }

    /// <summary>The end of the word that starts at <paramref name="start"/>.</summary>
    public int EndOfWord(ReadOnlySpan<char> text, int start)
    {
        var at = start + 1;
        while (at < text.Length && MayJoin(text[at - 1], text[at]))
            at++;
        return at;
    }

    // Next to what is no token by itself (also half a surrogate pair) nothing is cut: neighbouring unknown characters may become one token.
    private bool MayJoin(char a, char b) =>
        singles[a] < 0 || singles[b] < 0 || (a < 128 && b < 128 ? (asciiPairs[2 * a + (b >> 6)] >> (b & 63) & 1) != 0 : pairs.Contains(a << 16 | b));
}
