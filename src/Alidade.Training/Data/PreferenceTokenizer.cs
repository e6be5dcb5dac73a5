using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;

namespace Alidade.Training.Data;

/// <summary>How prompts with answers become tokens.</summary>
public record AnswerTokenOptions
{
    /// <summary>Longest prompt with one answer, in tokens; what is longer is cut. Null for no limit. Default 1024, as TRL 1.16.</summary>
    public int? MaxLength { get; init; } = 1024;

    /// <summary>What a longer one loses. Default its end, as TRL 1.16.</summary>
    public RowTruncation Truncation { get; init; } = RowTruncation.KeepStart;

    /// <summary>The text that ends an answer; null for the tokenizer's end-of-text token.</summary>
    public string? EndToken { get; init; }

    /// <summary>
    /// Tokens one of which must stand in an answer of a conversation (<see cref="Alidade.Models.CausalLM.EndTokens"/>); a row without is left out and counted, for a model
    /// would not learn to stop from it. Null: not looked at. Plain answers are given the end token.
    /// </summary>
    public IReadOnlySet<int>? EndTokens { get; init; }

    /// <summary>The encoder, once the options are known to be right.</summary>
    /// <exception cref="AlidadeException">The maximum length is below 2.</exception>
    internal TextEncoder Encoder(Tokenizer tokenizer, ChatTemplate? template) => MaxLength is < 2
        ? throw new AlidadeException($"the maximum length is {MaxLength}; a prompt with an answer needs at least 2 tokens")
        : new(tokenizer, template, EndToken);
}

/// <summary>How preference pairs become tokens.</summary>
public sealed record PreferenceTokenOptions : AnswerTokenOptions;

/// <summary>
/// Preference pairs to ids. The answers begin at the first token that differs from the prompt tokenised alone; one prompt length serves both answers, the smaller.
/// Plain answers end with the end-of-text token, conversations as their template ends them.
/// </summary>
/// <remarks>
/// Ids of TRL 1.16 <c>DPOTrainer</c>. Its <c>ORPOTrainer</c> and <c>CPOTrainer</c> differ where they are wrong: they put a second end token after a conversation, learn a
/// row whose prompt fills the maximum length, and count a token that is merged over the boundary as prompt. Pairs whose prompt fills the maximum length are counted.
/// </remarks>
public sealed class PreferenceTokenizer
{
    private readonly TextEncoder encoder;
    private readonly PreferenceTokenOptions options;

    /// <summary>Makes it.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">Its chat template; null when it has none, then conversations are errors.</param>
    /// <param name="options">How.</param>
    /// <exception cref="AlidadeException">The maximum length is below 2.</exception>
    public PreferenceTokenizer(Tokenizer tokenizer, ChatTemplate? template, PreferenceTokenOptions? options = null)
    {
        this.options = options ?? new();
        if (this.options.Truncation == RowTruncation.CutAnswer)
            throw new AlidadeException("pairs are cut at their end or at their start; an end token after a cut answer would teach both answers of a pair to stop at one length");
        encoder = this.options.Encoder(tokenizer, template);
    }

    /// <summary>All pairs.</summary>
    /// <exception cref="AlidadeException">No pair can be used.</exception>
    public TokenRows<PairTokens> Tokenize(IEnumerable<PreferencePair> pairs)
    {
        var collector = new TokenRowCollector<PairTokens>();
        foreach (var pair in pairs)
            collector.Try(pair.Id, () => Add(collector, TokensOf(pair)));
        return collector.Finish("pairs");
    }

    internal PairTokens TokensOf(PreferencePair pair) => Pair(pair.Id, AnswerSplit.Of(encoder, pair.Prompt, pair.Chosen, pair.Rejected).Ended(options.EndTokens)) with
    {
        Margin = pair.Margin,
        WinProbability = pair.WinProbability,
        ChosenScore = pair.ChosenScore,
        RejectedScore = pair.RejectedScore,
        Tie = pair.Tie,
    };

    internal PairTokens Pair(string id, string prompt, string chosen, string rejected) => Pair(id, AnswerSplit.Of(encoder, prompt, chosen, rejected));

    internal PairTokens Pair(string id, IReadOnlyList<Message> prompt, IReadOnlyList<Message> chosen, IReadOnlyList<Message> rejected) =>
        Pair(id, AnswerSplit.Of(encoder, prompt, chosen, rejected));

    /// <summary>Cuts and keeps a pair, or counts why not.</summary>
    internal void Add(TokenRowCollector<PairTokens> collector, PairTokens pair)
    {
        var cut = Cut(pair, options.MaxLength, options.Truncation);
        if (cut is null)
            collector.Drop("the prompt fills the maximum length");
        else if (cut.ChosenTargets < 1 || cut.RejectedTargets < 1)
            collector.Drop("an answer has no token that something stands before");
        else
            collector.Add(cut, cut != pair);
    }

    /// <summary>The pair with both sequences cut to a length; null when the prompt alone fills it.</summary>
    internal static PairTokens? Cut(PairTokens pair, int? maxLength, RowTruncation truncation = RowTruncation.KeepStart)
    {
        if (Cutting.Cut(pair.Prompt, pair.Chosen, maxLength, truncation) is not { } chosen || Cutting.Cut(pair.Prompt, pair.Rejected, maxLength, truncation) is not { } rejected)
            return null;
        if (chosen.Answer == pair.Chosen && rejected.Answer == pair.Rejected && chosen.Prompt == pair.Prompt && rejected.Prompt == pair.Prompt)
            return pair;
        return pair with
        {
            Prompt = chosen.Prompt,
            Chosen = chosen.Answer,
            Rejected = rejected.Answer,
            RejectedPrompt = chosen.Prompt.SequenceEqual(rejected.Prompt) ? null : rejected.Prompt,
        };
    }

    private static PairTokens Pair(string id, AnswerSplit split) => new(id, split.Prompt, split.Answers[0], split.Answers[1]);
}
