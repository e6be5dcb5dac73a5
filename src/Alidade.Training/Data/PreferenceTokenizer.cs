using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;

namespace Alidade.Training.Data;

/// <summary>How preference pairs become tokens.</summary>
public sealed record PreferenceTokenOptions
{
    /// <summary>Longest prompt with one answer, in tokens; an answer that is longer loses its end. Null for no limit. Default 1024, as TRL 1.16.</summary>
    public int? MaxLength { get; init; } = 1024;

    /// <summary>The text that ends an answer; null for the tokenizer's end-of-text token.</summary>
    public string? EndToken { get; init; }
}

/// <summary>
/// Preference pairs to ids. The answers begin at the first token that differs from the prompt tokenised alone; one prompt length serves both answers, the smaller.
/// Plain answers end with the end-of-text token, conversations as their template ends them.
/// </summary>
/// <remarks>Ids of TRL 1.16 <c>DPOTrainer</c> with <c>truncation_mode="keep_start"</c>. Pairs whose prompt fills the maximum length are counted.</remarks>
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
        if (this.options.MaxLength is < 2)
            throw new AlidadeException($"the maximum length is {this.options.MaxLength}; a pair needs at least 2 tokens");
        encoder = new(tokenizer, template, this.options.EndToken);
    }

    /// <summary>All pairs.</summary>
    /// <exception cref="AlidadeException">No pair can be used.</exception>
    public TokenRows<PairTokens> Tokenize(IEnumerable<PreferencePair> pairs)
    {
        var collector = new TokenRowCollector<PairTokens>();
        foreach (var pair in pairs)
            Add(collector, TextEncoder.Naming(pair.Id, () => TokensOf(pair)));
        return collector.Finish("pairs");
    }

    internal PairTokens TokensOf(PreferencePair pair) => pair.Prompt.Text is { } text
        ? Pair(pair.Id, text, pair.Chosen, pair.Rejected)
        : Pair(pair.Id, pair.Prompt.Messages!, [new("assistant", pair.Chosen)], [new("assistant", pair.Rejected)]);

    internal PairTokens Pair(string id, string prompt, string chosen, string rejected) =>
        Split(id, encoder.Plain(prompt), encoder.Plain(prompt + encoder.Ended(chosen)), encoder.Plain(prompt + encoder.Ended(rejected)));

    internal PairTokens Pair(string id, IReadOnlyList<Message> prompt, IReadOnlyList<Message> chosen, IReadOnlyList<Message> rejected) =>
        Split(id, [.. encoder.Chat(prompt, true).Ids], [.. encoder.Chat([.. prompt, .. chosen], false).Ids], [.. encoder.Chat([.. prompt, .. rejected], false).Ids]);

    /// <summary>Cuts and keeps a pair, or counts why not.</summary>
    internal void Add(TokenRowCollector<PairTokens> collector, PairTokens pair)
    {
        var cut = Cut(pair, options.MaxLength);
        if (cut is null)
            collector.Drop("the prompt fills the maximum length");
        else if (cut.ChosenTargets < 1 || cut.RejectedTargets < 1)
            collector.Drop("an answer has no token that something stands before");
        else
            collector.Add(cut, cut != pair);
    }

    /// <summary>The pair with both sequences cut to a length; null when the prompt alone fills it.</summary>
    internal static PairTokens? Cut(PairTokens pair, int? maxLength)
    {
        if (maxLength is not { } limit)
            return pair;
        var room = limit - pair.Prompt.Count;
        if (room <= 0)
            return null;
        return pair.Chosen.Count <= room && pair.Rejected.Count <= room ? pair
            : pair with { Chosen = [.. pair.Chosen.Take(room)], Rejected = [.. pair.Rejected.Take(room)] };
    }

    private static PairTokens Split(string id, int[] prompt, int[] chosen, int[] rejected)
    {
        var shared = Math.Min(TextEncoder.Common(prompt, chosen), TextEncoder.Common(prompt, rejected));
        return new(id, prompt[..shared], chosen[shared..], rejected[shared..]);
    }
}
