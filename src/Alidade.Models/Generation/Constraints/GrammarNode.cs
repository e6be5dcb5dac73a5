namespace Alidade.Models.Generation.Constraints;

/// <summary>A piece of a context-free grammar over bytes of UTF-8.</summary>
internal abstract class GrammarNode
{
    /// <summary>Bytes of a text that always match as they stand.</summary>
    public static GrammarNode Text(string text) => new SequenceNode([.. System.Text.Encoding.UTF8.GetBytes(text).Select(b => new ByteNode([(b, b)]))]);

    /// <summary>One byte out of ranges.</summary>
    public static GrammarNode Bytes(params (byte From, byte To)[] ranges) => new ByteNode(ranges);

    public static GrammarNode Sequence(params GrammarNode[] parts) => new SequenceNode(parts);

    public static GrammarNode AnyOf(params IEnumerable<GrammarNode> branches) => new ChoiceNode([.. branches]);

    public static GrammarNode Repeat(GrammarNode item, int least, int? most) => new RepeatNode(item, least, most);
}

/// <summary>One byte.</summary>
internal sealed class ByteNode : GrammarNode
{
    // A bit for each byte: a schema of long names is made of many of these.
    private UInt128 low, high;

    public ByteNode((byte From, byte To)[] ranges)
    {
        foreach (var (from, to) in ranges)
            for (int b = from; b <= to; b++)
                if (b < 128)
                    low |= UInt128.One << b;
                else
                    high |= UInt128.One << (b - 128);
    }

    public bool Allows(byte value) => ((value < 128 ? low >> value : high >> (value - 128)) & 1) != 0;
}

/// <summary>One part after the other.</summary>
internal sealed class SequenceNode(IReadOnlyList<GrammarNode> parts) : GrammarNode
{
    public IReadOnlyList<GrammarNode> Parts => parts;
}

/// <summary>One of several; of none, nothing matches.</summary>
internal sealed class ChoiceNode(IReadOnlyList<GrammarNode> branches) : GrammarNode
{
    public IReadOnlyList<GrammarNode> Branches => branches;
}

/// <summary>The same several times; no upper bound when <see cref="Most"/> is null.</summary>
internal sealed class RepeatNode(GrammarNode item, int least, int? most) : GrammarNode
{
    public GrammarNode Item => item;

    public int Least => least;

    public int? Most => most;
}

/// <summary>A node that is known later, so that a grammar can contain itself.</summary>
internal sealed class ReferenceNode : GrammarNode
{
    public GrammarNode? Target { get; set; }
}
