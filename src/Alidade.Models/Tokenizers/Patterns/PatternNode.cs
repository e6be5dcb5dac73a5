namespace Alidade.Models.Tokenizers;

/// <summary>A part of a parsed pattern.</summary>
internal abstract record PatternNode
{
    /// <summary>One character out of a set.</summary>
    public sealed record Set(CharacterSet Characters) : PatternNode;

    /// <summary>Parts one after the other; no parts match the empty text.</summary>
    public sealed record Sequence(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>The first alternative that leads to a match.</summary>
    public sealed record Alternation(IReadOnlyList<PatternNode> Alternatives) : PatternNode;

    /// <summary>A part repeated; no maximum is <see cref="int.MaxValue"/>.</summary>
    public sealed record Repeat(PatternNode Part, int Minimum, int Maximum, bool Lazy) : PatternNode;

    /// <summary>A numbered group.</summary>
    public sealed record Group(int Number, PatternNode Part) : PatternNode;

    /// <summary>What a group matched, again.</summary>
    public sealed record BackReference(int Number) : PatternNode;

    /// <summary>A look ahead or behind, which takes no text.</summary>
    public sealed record Look(PatternNode Part, bool Behind, bool Negative) : PatternNode;

    /// <summary>A part that is not tried again once it has matched.</summary>
    public sealed record Atomic(PatternNode Part) : PatternNode;

    /// <summary>A place in the text.</summary>
    public sealed record Place(PatternPlace Kind) : PatternNode;

    /// <summary>One grapheme cluster, \X.</summary>
    public sealed record Grapheme : PatternNode;

    /// <summary>The number of characters that the part always takes, or −1 when it varies.</summary>
    public int FixedLength
    {
        get
        {
            switch (this)
            {
                case Set:
                    return 1;
                case Sequence s:
                    var lengths = s.Parts.Select(p => p.FixedLength).ToList();
                    return lengths.Contains(-1) ? -1 : lengths.Sum();
                case Alternation a:
                    var each = a.Alternatives.Select(x => x.FixedLength).Distinct().ToList();
                    return each.Count == 1 ? each[0] : -1;
                case Repeat r:
                    var part = r.Part.FixedLength;
                    return r.Minimum == r.Maximum && part >= 0 ? r.Minimum * part : -1;
                case Group g:
                    return g.Part.FixedLength;
                case Atomic a:
                    return a.Part.FixedLength;
                case Look or Place:
                    return 0;
                default:
                    return -1;
            }
        }
    }

    /// <summary>The ASCII characters with which a match may start, and whether the part may be empty (then what follows counts too).</summary>
    public (UInt128 Ascii, bool Empty) First
    {
        get
        {
            switch (this)
            {
                case Set s:
                    return (new UInt128(s.Characters.High, s.Characters.Low), false);
                case Sequence s:
                    return FirstOf(s.Parts);
                case Alternation a:
                    return a.Alternatives.Select(x => x.First).Aggregate((x, y) => (x.Ascii | y.Ascii, x.Empty || y.Empty));
                case Repeat r:
                    var first = r.Part.First;
                    return (first.Ascii, r.Minimum == 0 || first.Empty);
                case Group g:
                    return g.Part.First;
                case Atomic a:
                    return a.Part.First;
                case Grapheme:
                    return (UInt128.MaxValue, false);
                case Look or Place:
                    return (0, true);
                default:
                    return (UInt128.MaxValue, true);
            }
        }
    }

    private static (UInt128 Ascii, bool Empty) FirstOf(IReadOnlyList<PatternNode> parts)
    {
        UInt128 ascii = 0;
        foreach (var part in parts)
        {
            var first = part.First;
            ascii |= first.Ascii;
            if (!first.Empty)
                return (ascii, false);
        }

        return (ascii, true);
    }
}

/// <summary>Places that a pattern can ask for.</summary>
internal enum PatternPlace
{
    /// <summary>^: the start of a line.</summary>
    LineStart,

    /// <summary>$: the end of a line.</summary>
    LineEnd,

    /// <summary>\A.</summary>
    TextStart,

    /// <summary>\z.</summary>
    TextEnd,

    /// <summary>\Z: the end, or before a last line feed.</summary>
    TextEndBeforeLineFeed,

    /// <summary>\b.</summary>
    WordBoundary,

    /// <summary>\B.</summary>
    NoWordBoundary,
}
