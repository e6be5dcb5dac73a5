using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>Where a Metaspace puts a space in front.</summary>
internal enum PrependScheme
{
    /// <summary>At the start of the text and behind every added token.</summary>
    Always,

    /// <summary>At the start of the text alone.</summary>
    First,

    /// <summary>Nowhere.</summary>
    Never,
}

/// <summary>Spaces become a visible character (▁), one may be put in front, and each begins a piece.</summary>
/// <remarks>Kudo and Richardson 2018 (arXiv 1808.06226), the escaped white space of SentencePiece.</remarks>
internal sealed class MetaspacePreTokenizer : IPreTokenizer
{
    private readonly string replacement;
    private readonly PrependScheme scheme;
    private readonly ReplaceNormalizer spaces;
    private readonly PrependNormalizer prepend;
    private readonly SplitPreTokenizer? split;

    private MetaspacePreTokenizer(string replacement, PrependScheme scheme, bool split)
    {
        this.replacement = replacement;
        this.scheme = scheme;
        spaces = new(new LiteralPattern(" "), replacement);
        prepend = new(replacement);
        this.split = split ? new(new LiteralPattern(replacement), SplitBehavior.MergedWithNext) : null;
    }

    /// <summary>Reads its options.</summary>
    public static MetaspacePreTokenizer Read(JsonField field) => new(field["replacement"].Character, ReadScheme(field), field["split"].Flag(true));

    /// <summary>The field <c>prepend_scheme</c>; old files have <c>add_prefix_space</c> instead, where false means never.</summary>
    public static PrependScheme ReadScheme(JsonField field)
    {
        var scheme = field["prepend_scheme"].Name(PrependScheme.Always);
        if (field["add_prefix_space"].Flag(true))
            return scheme;
        return scheme == PrependScheme.First ? throw new AlidadeException($"{field.Where}: add_prefix_space is false and prepend_scheme 'first'; only one of them can hold") : PrependScheme.Never;
    }

    /// <inheritdoc/>
    public List<Piece> Cut(List<Piece> pieces)
    {
        var output = new List<Piece>(pieces.Count);
        foreach (var piece in pieces)
        {
            if (!piece.IsText)
                output.Add(piece);
            if (!piece.IsText || piece.Length == 0)
                continue;
            var part = piece.Part();
            var isFirst = part.Offset == 0;
            part = spaces.Normalize(part);
            if (!part.Text.StartsWith(replacement, StringComparison.Ordinal) && (scheme == PrependScheme.Always || (scheme == PrependScheme.First && isFirst)))
                part = prepend.Normalize(part);
            output.Add(new(part, 0, part.Text.Length));
        }

        return split is null ? output : split.Cut(output);
    }
}
