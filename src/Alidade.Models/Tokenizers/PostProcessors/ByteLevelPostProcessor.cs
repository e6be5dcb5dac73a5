namespace Alidade.Models.Tokenizers;

/// <summary>Takes the white space at a token's ends out of its offsets.</summary>
internal sealed class ByteLevelPostProcessor(bool trimOffsets, bool addPrefixSpace) : IPostProcessor
{
    /// <inheritdoc/>
    public List<List<EncodedToken>> Process(List<List<EncodedToken>> parts, bool addSpecialTokens)
    {
        if (trimOffsets)
            foreach (var part in parts)
                Trim(part, addPrefixSpace);
        return parts;
    }

    /// <summary>Trims in place. With <paramref name="addPrefixSpace"/> the first token's first space counts as put in, so it has no offset of its own.</summary>
    public static void Trim(List<EncodedToken> tokens, bool addPrefixSpace)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens[i];
            var leading = 0;
            while (leading < token.Token.Length && IsSpace(token.Token[leading]))
                leading++;
            var trailing = 0;
            while (trailing < token.Token.Length && IsSpace(token.Token[^(trailing + 1)]))
                trailing++;
            var (start, end) = (token.Start, token.End);
            if (leading > 0)
                start = Math.Min(start + (addPrefixSpace && (i == 0 || start == 0) ? leading - 1 : leading), end);
            if (trailing > 0 && end >= trailing)
                end = Math.Max(end - trailing, start);
            tokens[i] = token with { Start = start, End = end };
        }
    }

    private static bool IsSpace(char c) => c == 'Ġ' || char.IsWhiteSpace(c);
}
