namespace Alidade.Models.Tokenizers;

/// <summary>Tokens by their characters, for all tokens that begin at one place of a text. One step costs one look into a hash table.</summary>
internal sealed class TokenTrie
{
    /// <summary>The node at which every search begins.</summary>
    public const int Root = 0;

    // A slot holds the child of a node under a character: the key is (node << 16 | character) + 1, 0 is free. A power of two, at most half full.
    private ulong[] keys = new ulong[1 << 10];
    private int[] children = new int[1 << 10];
    private readonly List<int> values = [-1];

    /// <summary>Puts a token in; a later value for the same text replaces the earlier one.</summary>
    public void Add(ReadOnlySpan<char> text, int value)
    {
        var node = Root;
        foreach (var c in text)
        {
            if (2 * values.Count >= keys.Length)
                Grow();
            var slot = Slot(Key(node, c));
            if (keys[slot] == 0)
            {
                keys[slot] = Key(node, c);
                children[slot] = values.Count;
                values.Add(-1);
            }

            node = children[slot];
        }

        values[node] = value;
    }

    /// <summary>The node behind <paramref name="node"/> under a character, or −1.</summary>
    public int Next(int node, char c)
    {
        var slot = Slot(Key(node, c));
        return keys[slot] == 0 ? -1 : children[slot];
    }

    /// <summary>The value of the token that ends at a node, or −1.</summary>
    public int Value(int node) => values[node];

    private static ulong Key(int node, char c) => ((ulong)(uint)node << 16 | c) + 1;

    private int Slot(ulong key)
    {
        var mask = keys.Length - 1;
        var slot = (int)(key * 0x9E3779B97F4A7C15 >> 32) & mask;
        while (keys[slot] != 0 && keys[slot] != key)
            slot = (slot + 1) & mask;
        return slot;
    }

    private void Grow()
    {
        var (oldKeys, oldChildren) = (keys, children);
        keys = new ulong[2 * oldKeys.Length];
        children = new int[keys.Length];
        for (var i = 0; i < oldKeys.Length; i++)
            if (oldKeys[i] != 0)
            {
                var slot = Slot(oldKeys[i]);
                (keys[slot], children[slot]) = (oldKeys[i], oldChildren[i]);
            }
    }
}
