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
    private readonly int symbol;
    private readonly PrependScheme scheme;
    private readonly bool split;

    private MetaspacePreTokenizer(string replacement, PrependScheme scheme, bool split)
    {
        this.replacement = replacement;
        this.scheme = scheme;
        this.split = split;
        symbol = CodePoints.At(replacement, 0);
    }

    /// <inheritdoc/>
    public bool ReadsOrigins => scheme == PrependScheme.First;

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
    public List<Piece> Cut(List<Piece> pieces) => PieceRuns.Rewritten(pieces, Escape);

    // Pieces of one text become pieces of one text with visible spaces.
    private void Escape(ReadOnlySpan<Piece> pieces, List<Piece> output)
    {
        var source = pieces[0].Text;
        var length = 0;
        foreach (var piece in pieces)
            length += piece.Length + replacement.Length;
        var bounds = new List<int>(pieces.Length + 1) { 0 };
        var builder = new AlignedText.Builder(source, length);
        foreach (var piece in pieces)
        {
            if (piece.Length == 0)
                continue;
            Escape(piece, builder);
            bounds.Add(builder.Length);
        }

        var escaped = builder.Build();
        for (var i = 0; i + 1 < bounds.Count; i++)
            if (split)
                Cut(escaped, bounds[i], bounds[i + 1], output);
            else
                output.Add(new(escaped, bounds[i], bounds[i + 1] - bounds[i]));
    }

    private void Escape(Piece piece, AlignedText.Builder builder)
    {
        var (text, start, end) = (piece.Text.Text, piece.Start, piece.Start + piece.Length);
        builder.DropTo(start);
        if (text[start] != ' ' && !piece.Span.StartsWith(replacement) && (scheme == PrependScheme.Always || (scheme == PrependScheme.First && piece.Text.Origin(start).Start == 0)))
        {
            // What is put in front is aligned to the first character, as if that had grown.
            builder.Put(symbol, 0);
            builder.Put(CodePoints.At(text, start), 1);
        }

        for (int space; (space = text.IndexOf(' ', builder.Position, end - builder.Position)) >= 0;)
        {
            builder.KeepTo(space);
            builder.Put(symbol, 0);
        }

        builder.KeepTo(end);
    }

    // Every visible space begins a piece.
    private void Cut(AlignedText text, int start, int end, List<Piece> output)
    {
        for (int next; start < end; start = next)
        {
            next = start + 1 < end ? text.Text.IndexOf(replacement, start + 1, end - start - 1, StringComparison.Ordinal) : -1;
            next = next < 0 ? end : next;
            output.Add(new(text, start, next - start));
        }
    }
}
