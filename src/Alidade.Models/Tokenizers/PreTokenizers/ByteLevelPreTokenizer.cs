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
        var output = new List<Piece>(pieces.Count);
        for (var i = 0; i < pieces.Count;)
        {
            var end = i;
            while (end < pieces.Count && pieces[end].IsText && ReferenceEquals(pieces[end].Text, pieces[i].Text))
                end++;
            if (end == i)
                output.Add(pieces[end++]);
            else
                ToBytes(pieces, i, end, output);
            i = end;
        }

        return output;
    }

    private static Piece WithSpace(Piece piece)
    {
        if (!piece.IsText || piece.Length == 0 || piece.Span[0] == ' ')
            return piece;
        var spaced = Space.Normalize(piece.Part());
        return new(spaced, 0, spaced.Text.Length);
    }

    // Pieces of one text become pieces of one text of byte characters.
    private static void ToBytes(List<Piece> pieces, int first, int end, List<Piece> output)
    {
        var source = pieces[first].Text;
        var start = pieces[first].Start;
        var length = 0;
        var contiguous = true;
        for (var i = first; i < end; i++)
        {
            contiguous &= pieces[i].Start == start + length;
            length += pieces[i].Length;
        }

        if (contiguous && source.IsIdentity && Ascii.IsValid(source.Text.AsSpan(start, length)))
        {
            var text = new AlignedText(string.Create(length, (source.Text, start), static (characters, from) =>
            {
                for (var i = 0; i < characters.Length; i++)
                    characters[i] = ByteAlphabet.Character((byte)from.Text[from.start + i]);
            }), source.Offset + start) { KeepsOrigins = source.KeepsOrigins };
            for (var i = first; i < end; i++)
                output.Add(new(text, pieces[i].Start - start, pieces[i].Length));
            return;
        }

        // The pieces need not touch each other, so they are cut out first; each character then becomes its bytes.
        var bounds = new List<int>(end - first + 1) { 0 };
        var builder = new AlignedText.Builder(source, length);
        Span<byte> bytes = stackalloc byte[4];
        for (var i = first; i < end; i++)
        {
            builder.DropTo(pieces[i].Start);
            var stop = pieces[i].Start + pieces[i].Length;
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
