using System.Text;

namespace Alidade.Models.Tokenizers;

/// <summary>
/// Puts a space in front where one is asked for, cuts with GPT-2's pattern where that is asked for, and writes every byte as a character of
/// <see cref="ByteAlphabet"/>.
/// </summary>
/// <remarks>Radford et al. 2019, encoder.py.</remarks>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex) : IPreTokenizer
{
    private static readonly Lazy<SplitPreTokenizer> Words = new(() =>
        new(new RegexPattern(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", "GPT-2's pattern")));

    private static readonly PrependNormalizer Space = new(" ");

    /// <inheritdoc/>
    public List<Piece> Cut(List<Piece> pieces)
    {
        if (addPrefixSpace)
            pieces = [.. pieces.Select(WithSpace)];
        pieces = useRegex ? Words.Value.Cut(pieces) : pieces.FindAll(p => p.Length > 0);
        return PieceRuns.Rewritten(pieces, ToBytes);
    }

    private static Piece WithSpace(Piece piece)
    {
        if (!piece.IsText || piece.Length == 0 || piece.Span[0] == ' ')
            return piece;
        var spaced = Space.Normalize(piece.Part());
        return new(spaced, 0, spaced.Text.Length);
    }

    // Pieces of one text become pieces of one text of byte characters.
    private static void ToBytes(ReadOnlySpan<Piece> pieces, List<Piece> output)
    {
        var source = pieces[0].Text;
        var start = pieces[0].Start;
        var length = 0;
        var contiguous = true;
        foreach (var piece in pieces)
        {
            contiguous &= piece.Start == start + length;
            length += piece.Length;
        }

        if (contiguous && source.IsIdentity && Ascii.IsValid(source.Text.AsSpan(start, length)))
        {
            var text = new AlignedText(string.Create(length, (source.Text, start), static (characters, from) =>
            {
                for (var i = 0; i < characters.Length; i++)
                    characters[i] = ByteAlphabet.Character((byte)from.Text[from.start + i]);
            }), source.Offset + start)
            { KeepsOrigins = source.KeepsOrigins };
            foreach (var piece in pieces)
                output.Add(new(text, piece.Start - start, piece.Length));
            return;
        }

        // The pieces need not touch each other, so they are cut out first; each character then becomes its bytes.
        var bounds = new List<int>(pieces.Length + 1) { 0 };
        var builder = new AlignedText.Builder(source, length);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var piece in pieces)
        {
            builder.DropTo(piece.Start);
            var stop = piece.Start + piece.Length;
            while (builder.Position < stop)
                for (var (k, count) = (0, ByteAlphabet.Encode(CodePoints.At(source.Text, builder.Position), bytes)); k < count; k++)
                    builder.Put(ByteAlphabet.Character(bytes[k]), k == 0 ? 0 : 1);
            bounds.Add(builder.Length);
        }

        var changed = builder.Build();
        for (var i = 0; i + 1 < bounds.Count; i++)
            output.Add(new(changed, bounds[i], bounds[i + 1] - bounds[i]));
    }
}
