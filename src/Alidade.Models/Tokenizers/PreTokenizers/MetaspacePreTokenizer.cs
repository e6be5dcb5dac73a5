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
    public List<Piece> Cut(List<Piece> pieces)
    {
        var output = new List<Piece>(pieces.Count);
        foreach (var piece in pieces)
        {
            if (!piece.IsText)
                output.Add(piece);
            if (!piece.IsText || piece.Length == 0)
                continue;
            var text = Escaped(piece.Part());
            if (split)
                Cut(text, output);
            else
                output.Add(new(text, 0, text.Text.Length));
        }

        return output;
    }

    private AlignedText Escaped(AlignedText text)
    {
        var all = text.Text;
        var prepends = all[0] != ' ' && !all.StartsWith(replacement, StringComparison.Ordinal)
            && (scheme == PrependScheme.Always || (scheme == PrependScheme.First && text.Offset == 0));
        var space = all.IndexOf(' ', StringComparison.Ordinal);
        if (!prepends && space < 0)
            return text;
        var builder = new AlignedText.Builder(text);
        if (prepends)
        {
            // What is put in front is aligned to the first character, as if that had grown.
            builder.Put(symbol, 0);
            builder.Put(CodePoints.At(all, 0), 1);
        }

        for (; space >= 0; space = all.IndexOf(' ', space + 1))
        {
            builder.KeepTo(space);
            builder.Put(symbol, 0);
        }

        builder.KeepTo(all.Length);
        return builder.Build();
    }

    // Every visible space begins a piece.
    private void Cut(AlignedText text, List<Piece> output)
    {
        for (int start = 0, end; start < text.Text.Length; start = end)
        {
            var next = start + 1 < text.Text.Length ? text.Text.IndexOf(replacement, start + 1, StringComparison.Ordinal) : -1;
            end = next < 0 ? text.Text.Length : next;
            output.Add(new(text, start, end - start));
        }
    }
}
