namespace Alidade.Models.Tokenizers;

/// <summary>From pieces and subwords to the offsets of an <see cref="Encoding"/>.</summary>
internal static class EncodingBuilder
{
    /// <summary>A map from UTF-16 units of a text to code points.</summary>
    public static Func<int, int> CodePointAt(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            return unit => unit;
        var map = new int[text.Length + 1];
        for (int i = 0, count = 0, length; i < text.Length; i += length, count++)
        {
            length = CodePoints.LengthAt(text, i);
            map[i] = count;
            map[i + length] = count + 1;
        }

        return unit => map[unit];
    }

    /// <summary>
    /// The units of a piece that its subwords cover. Subwords count bytes of UTF-8; where a model dropped characters the count runs behind, as in the
    /// reference, and a border inside a character takes the whole of it.
    /// </summary>
    public static IEnumerable<(int Id, int Start, int End)> Ranges(Piece piece, Subword[] subwords)
    {
        // The unit and the length of the character that holds the byte reached so far.
        var (unit, bytesBefore) = (0, 0);
        var position = 0;
        foreach (var subword in subwords)
        {
            var start = UnitOf(position);
            position += subword.Bytes;
            var last = UnitOf(position - 1);
            yield return (subword.Id, start, last + CodePoints.LengthAt(piece.Span, last));
        }

        int UnitOf(int position)
        {
            var text = piece.Span;
            while (unit < text.Length)
            {
                var bytes = CodePoints.Utf8Length(CodePoints.At(text, unit));
                var length = CodePoints.LengthAt(text, unit);
                if (position < bytesBefore + bytes || unit + length >= text.Length)
                    break;
                bytesBefore += bytes;
                unit += length;
            }

            return unit;
        }
    }

    /// <summary>The public form of finished tokens.</summary>
    public static Encoding Build(List<EncodedToken> all, IReadOnlyList<string> texts)
    {
        var units = texts.Select(UnitAt).ToList();
        return new()
        {
            Ids = all.ConvertAll(t => t.Id),
            Tokens = all.ConvertAll(t => t.Token),
            Offsets = all.ConvertAll(t => (t.Start, t.End)),
            Utf16Offsets = all.ConvertAll(t => t.Sequence < 0 ? (t.Start, t.End) : (units[t.Sequence](t.Start), units[t.Sequence](t.End))),
            TypeIds = all.ConvertAll(t => t.TypeId),
            SpecialMask = all.ConvertAll(t => t.Sequence < 0),
            AttentionMask = all.ConvertAll(_ => true),
        };
    }

    private static Func<int, int> UnitAt(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            return codePoint => codePoint;
        var map = new List<int>(text.Length + 1);
        for (var i = 0; i < text.Length; i += CodePoints.LengthAt(text, i))
            map.Add(i);
        map.Add(text.Length);
        return codePoint => map[codePoint];
    }
}
