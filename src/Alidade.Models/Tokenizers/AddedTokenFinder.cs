using System.Buffers;

namespace Alidade.Models.Tokenizers;

/// <summary>Finds added tokens in a text: the leftmost, and of those that start there the longest.</summary>
internal sealed class AddedTokenFinder
{
    private readonly Node root = new();
    private readonly SearchValues<char> firsts;

    /// <summary>Prepares the search for tokens under the texts by which they are found.</summary>
    public AddedTokenFinder(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        foreach (var (text, token) in tokens)
        {
            if (text.Length == 0)
                continue;
            var node = root;
            foreach (var c in text)
            {
                if (!node.Next.TryGetValue(c, out var next))
                    node.Next[c] = next = new();
                node = next;
            }

            node.Token = token;
        }

        firsts = SearchValues.Create([.. root.Next.Keys]);
    }

    /// <summary>Cuts a text into added tokens and what lies between them.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parseSpecial">False leaves special tokens in the text.</param>
    /// <param name="output">Takes the pieces.</param>
    /// <param name="untrusted">Stretches of the original text, sorted; a special token that reaches into one is left in the text.</param>
    public void Cut(AlignedText text, bool parseSpecial, List<Piece> output, IReadOnlyList<TextRange>? untrusted = null)
    {
        var all = text.Text.AsSpan();
        var done = 0;
        for (var from = 0; Find(all, from) is { } match;)
        {
            var (start, end, token) = match;
            from = end;
            if (token.Special && untrusted is { Count: > 0 } && Touches(untrusted, text.Origin(start, end)))
            {
                // What begins after the foreign character may be a token of the template's own.
                from = start + 1;
                continue;
            }

            if ((token.Special && !parseSpecial) || (token.SingleWord && TouchesWord(all, start, end)))
                continue;
            while (token.TakesSpaceBefore && start > done && char.IsWhiteSpace(all[start - 1]))
                start--;
            while (token.TakesSpaceAfter && end < all.Length && char.IsWhiteSpace(all[end]))
                end++;
            // As in the reference a token may begin in the white space that the one before it took; both then cover it.
            if (start > done)
                output.Add(new(text, done, start - done));
            output.Add(new(text, start, end - start, token.Id));
            done = end;
        }

        if (done < all.Length)
            output.Add(new(text, done, all.Length - done));
    }

    private (int Start, int End, AddedToken Token)? Find(ReadOnlySpan<char> text, int from)
    {
        while (from < text.Length)
        {
            var skipped = text[from..].IndexOfAny(firsts);
            if (skipped < 0)
                return null;
            from += skipped;
            (int, AddedToken)? longest = null;
            var node = root;
            for (var at = from; at < text.Length && node.Next.TryGetValue(text[at], out var next); at++)
            {
                node = next;
                if (node.Token is { } token)
                    longest = (at + 1, token);
            }

            if (longest is var (end, found))
                return (from, end, found);
            from++;
        }

        return null;
    }

    private static bool Touches(IReadOnlyList<TextRange> ranges, (int Start, int End) token)
    {
        // The first range that ends after the token's start.
        var (low, high) = (0, ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = ranges[middle].End <= token.Start ? (middle + 1, high) : (low, middle);
        }

        return low < ranges.Count && ranges[low].Start < token.End;
    }

    private static bool TouchesWord(ReadOnlySpan<char> text, int start, int end) =>
        (start > 0 && CodePoints.IsWord(CodePoints.Before(text, start))) || (end < text.Length && CodePoints.IsWord(CodePoints.At(text, end)));

    private sealed class Node
    {
        public Dictionary<char, Node> Next { get; } = [];

        public AddedToken? Token { get; set; }
    }
}
