namespace Alidade.Models.Tokenizers;

/// <summary>A text as tokens, with where each token came from. All lists have one entry for each token.</summary>
public sealed record Encoding
{
    private static readonly Lazy<IReadOnlyList<Encoding>> None = new([]);

    private readonly Lazy<IReadOnlyList<Encoding>> overflowing = None;

    /// <summary>The ids.</summary>
    public required IReadOnlyList<int> Ids { get; init; }

    /// <summary>The tokens as the vocabulary writes them; an added token as it stood in the text, with the white space that it took.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>The stretch of the original text, in Unicode code points, start included and end excluded; (0, 0) for a token that was put in.</summary>
    public required IReadOnlyList<(int Start, int End)> Offsets { get; init; }

    /// <summary>The stretch of the original text in UTF-16 units, as .NET strings count.</summary>
    public required IReadOnlyList<(int Start, int End)> Utf16Offsets { get; init; }

    /// <summary>The type id that the post-processor gives: usually 0 for the first text and 1 for the second.</summary>
    public required IReadOnlyList<int> TypeIds { get; init; }

    /// <summary>True for a token that was put in by the post-processor or as padding.</summary>
    public required IReadOnlyList<bool> SpecialMask { get; init; }

    /// <summary>False for padding.</summary>
    public required IReadOnlyList<bool> AttentionMask { get; init; }

    /// <summary>What truncation cut off, as encodings of their own; of two texts every combination of their parts. Empty when all fits.</summary>
    public IReadOnlyList<Encoding> Overflowing
    {
        get => overflowing.Value;
        init => overflowing = new(value);
    }

    /// <summary>Makes <see cref="Overflowing"/> when it is first asked for: of a long text it is large, and few look at it.</summary>
    internal Func<IReadOnlyList<Encoding>> OverflowingWhenAsked
    {
        init => overflowing = new(value);
    }
}

/// <summary>What <see cref="Tokenizer.EncodeWithOffsets"/> does besides cutting a text.</summary>
public sealed record EncodeOptions
{
    /// <summary>A second text, encoded beside the first; its offsets count from its own start. Default none.</summary>
    public string? Pair { get; init; }

    /// <summary>Whether the post-processor puts in its tokens (a begin-of-text token, [CLS] and [SEP]). Default true.</summary>
    public bool AddSpecialTokens { get; init; } = true;

    /// <summary>Whether control tokens that are written in the text are control tokens; false takes them as plain text. Default true.</summary>
    public bool ParseSpecialTokens { get; init; } = true;

    /// <summary>
    /// Stretches of the first text, in UTF-16 units, sorted and disjoint, that somebody else wrote: a control token that reaches into one is plain text. Default
    /// none.
    /// </summary>
    public IReadOnlyList<TextRange> Untrusted { get; init; } = [];

    /// <summary>
    /// Most tokens, special ones included: the longer of two texts gives way first, at its end. It takes the place of the file's own truncation. Default none.
    /// </summary>
    public int? MaxLength { get; init; }

    /// <summary>
    /// Whether the truncation and padding that the tokenizer's file may ask for are done. Default false, so that nothing is cut off unasked; what truncation
    /// cuts off is in <see cref="Encoding.Overflowing"/>.
    /// </summary>
    public bool TruncateAndPad { get; init; }
}
