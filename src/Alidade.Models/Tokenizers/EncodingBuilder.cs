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
    public static Encoding Build(List<List<EncodedToken>> parts, IReadOnlyList<string> texts)
    {
        var units = texts.Select(Units).ToList();
        var count = parts.Sum(p => p.Count);
        var (ids, tokens, types, special, attention) = (new int[count], new string[count], new int[count], new bool[count], new bool[count]);
        var offsets = new (int Start, int End)[count];
        var utf16 = units.TrueForAll(u => u is null) ? offsets : new (int Start, int End)[count];
        var i = 0;
        foreach (var part in parts)
            foreach (var token in part)
            {
                (ids[i], tokens[i], types[i], special[i], attention[i]) = (token.Id, token.Token, token.TypeId, token.Sequence < 0, true);
                offsets[i] = (token.Start, token.End);
                utf16[i] = token.Sequence >= 0 && units[token.Sequence] is { } map ? (map[token.Start], map[token.End]) : offsets[i];
                i++;
            }

        return new()
        {
            Ids = ids,
            Tokens = tokens,
            Offsets = offsets,
            Utf16Offsets = utf16,
            TypeIds = types,
            SpecialMask = special,
            AttentionMask = attention,
        };
    }

    // For each code point its first UTF-16 unit; null where the two count alike.
    private static List<int>? Units(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            return null;
        var map = new List<int>(text.Length + 1);
        for (var i = 0; i < text.Length; i += CodePoints.LengthAt(text, i))
            map.Add(i);
        map.Add(text.Length);
        return map;
    }
}
