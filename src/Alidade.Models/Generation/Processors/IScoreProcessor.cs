namespace Alidade.Models.Generation.Processors;

/// <summary>What stands before the next token.</summary>
/// <param name="tokens">Prompt and generated tokens.</param>
/// <param name="promptLength">How many of them are the prompt.</param>
internal readonly ref struct TokenHistory(ReadOnlySpan<int> tokens, int promptLength)
{
    public ReadOnlySpan<int> Tokens { get; } = tokens;

    public int PromptLength { get; } = promptLength;

    public ReadOnlySpan<int> Generated => Tokens[PromptLength..];
}

/// <summary>Changes the scores of the next token in place: a pure function of the scores and what stands before. A token that must not come gets −∞.</summary>
internal interface IScoreProcessor
{
    /// <param name="scores">[vocabulary]; logits, or log-probabilities in beam search.</param>
    /// <param name="history">What stands before.</param>
    void Apply(Span<float> scores, TokenHistory history);
}
