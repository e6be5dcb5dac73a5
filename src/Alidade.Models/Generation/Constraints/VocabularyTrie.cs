namespace Alidade.Models.Generation.Constraints;

/// <summary>The tokens that may come in one state.</summary>
/// <param name="Bits">One bit a token.</param>
/// <param name="FarthestEnd">The most bytes that any of them leaves to be written (<see cref="GrammarState.LeastBytes"/>).</param>
internal sealed record TokenMask(ulong[] Bits, int FarthestEnd)
{
    /// <summary>Sets the scores of all other tokens to −∞.</summary>
    public void Apply(Span<float> scores)
    {
        for (var word = 0; word * 64 < scores.Length; word++)
        {
            var bits = word < Bits.Length ? Bits[word] : 0;
            if (bits == ulong.MaxValue)
                continue;
            var part = scores[(word * 64)..Math.Min((word * 64) + 64, scores.Length)];
            if (bits == 0)
                part.Fill(float.NegativeInfinity);
            else
                for (var i = 0; i < part.Length; i++)
                    if ((bits >> i & 1) == 0)
                        part[i] = float.NegativeInfinity;
        }
    }

    public bool Any => Bits.Any(bits => bits != 0);
}

/// <summary>The vocabulary in the order of its bytes, so that a walk through an automaton takes every beginning that tokens share once.</summary>
internal sealed class VocabularyTrie
{
    private readonly int words;
    private readonly (byte[] Bytes, int Id, int Shared)[] tokens;
    private readonly int longest;

    /// <param name="bytes">The bytes of each token; null or empty for one that has no text, such as a control token.</param>
    public VocabularyTrie(IReadOnlyList<byte[]?> bytes)
    {
        words = (bytes.Count + 63) / 64;
        var sorted = Enumerable.Range(0, bytes.Count).Where(id => bytes[id] is { Length: > 0 }).Select(id => (Bytes: bytes[id]!, Id: id)).ToArray();
        Array.Sort(sorted, (a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes));
        tokens = [.. sorted.Select((t, i) => (t.Bytes, t.Id, i == 0 ? 0 : t.Bytes.AsSpan().CommonPrefixLength(sorted[i - 1].Bytes)))];
        longest = tokens.Length == 0 ? 0 : tokens.Max(t => t.Bytes.Length);
    }

    /// <summary>The tokens that may come in a state and leave at most so many bytes to be written.</summary>
    public TokenMask Walk(GrammarMachine machine, GrammarState state, int mostBytesLeft)
    {
        var bits = new ulong[words];
        var path = new GrammarState[longest + 1];
        path[0] = state;
        // Where the last walk failed: tokens that share so many bytes fail too.
        var dead = int.MaxValue;
        var farthest = 0;
        foreach (var (bytes, id, shared) in tokens)
        {
            if (shared >= dead)
                continue;
            dead = int.MaxValue;
            var depth = shared;
            for (; depth < bytes.Length; depth++)
            {
                if (machine.Advance(path[depth], bytes[depth]) is not { } next)
                {
                    dead = depth + 1;
                    break;
                }

                path[depth + 1] = next;
            }

            if (depth < bytes.Length || path[depth].LeastBytes > mostBytesLeft)
                continue;
            bits[id / 64] |= 1UL << (id % 64);
            farthest = Math.Max(farthest, path[depth].LeastBytes);
        }

        return new(bits, farthest);
    }
}
