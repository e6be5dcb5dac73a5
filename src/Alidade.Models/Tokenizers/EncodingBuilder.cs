namespace Alidade.Models.Tokenizers;

/// <summary>From tokens to the offsets of an <see cref="Encoding"/>.</summary>
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
