namespace Alidade.Models.Tokenizers;

/// <summary>What a BPE model is made of, as the field <c>model</c> of a tokenizer.json has it.</summary>
internal sealed record BytePairVocabulary
{
    /// <summary>The id of each token.</summary>
    public required Dictionary<string, int> Ids { get; init; }

    /// <summary>The merges, the first learned first.</summary>
    public required IReadOnlyList<(string Left, string Right)> Merges { get; init; }

    /// <summary>The token for unknown characters; null drops them.</summary>
    public string? Unknown { get; init; }

    /// <summary>Put before every symbol of a word but the first (<c>##</c>).</summary>
    public string? ContinuingPrefix { get; init; }

    /// <summary>Put behind the last symbol of a word (<c>&lt;/w&gt;</c>).</summary>
    public string? EndSuffix { get; init; }

    /// <summary>Whether neighbouring unknown characters become one unknown token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Whether an unknown character is spelled in byte tokens <c>&lt;0x41&gt;</c>.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a piece that is a token of the vocabulary is that token, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }
}
