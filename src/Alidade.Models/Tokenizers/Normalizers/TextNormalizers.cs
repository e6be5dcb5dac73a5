namespace Alidade.Models.Tokenizers;

/// <summary>Takes white space off the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : INormalizer
{
    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        var (start, end) = (0, text.Text.Length);
        while (left && start < end && char.IsWhiteSpace(text.Text[start]))
            start++;
        while (right && end > start && char.IsWhiteSpace(text.Text[end - 1]))
            end--;
        if (end - start == text.Text.Length)
            return text;
        var builder = new AlignedText.Builder(text);
        builder.Skip(start);
        builder.KeepTo(end);
        return builder.Build();
    }
}

/// <summary>Puts a text in front; an empty text stays empty.</summary>
internal sealed class PrependNormalizer(string prefix) : INormalizer
{
    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        if (text.Text.Length == 0 || prefix.Length == 0)
            return text;

        // All of the prefix is aligned to the first character, as if it had grown.
        var builder = new AlignedText.Builder(text);
        var change = 0;
        foreach (var c in CodePoints.Of(prefix))
        {
            builder.Put(c, change);
            change = 1;
        }

        builder.Put(CodePoints.At(text.Text, 0), 1);
        builder.KeepTo(text.Text.Length);
        return builder.Build();
    }
}

/// <summary>Replaces every match of a pattern; what is put in is aligned to the last character of the match.</summary>
internal sealed class ReplaceNormalizer(TextPattern pattern, string content) : INormalizer
{
    private readonly List<int> replacement = CodePoints.Of(content);

    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        // An empty text has no matches, not even of a pattern that takes nothing.
        if (text.Text.Length == 0)
            return text;
        var matches = new List<TextSpan>();
        pattern.Find(text.Text, matches);
        if (matches.Count == 0)
            return text;
        var builder = new AlignedText.Builder(text);
        foreach (var match in matches)
        {
            builder.KeepTo(match.Start);
            while (builder.Position < match.End)
                builder.Skip(1);
            foreach (var c in replacement)
                builder.Put(c, 1);
        }

        builder.KeepTo(text.Text.Length);
        return builder.Build();
    }
}
