using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;

namespace Alidade.Training.Data;

/// <summary>How demonstrations become tokens.</summary>
public sealed record DemonstrationTokenOptions
{
    /// <summary>Longest row in tokens; what is longer is cut. Null for no limit. Default 1024, as TRL 1.16.</summary>
    public int? MaxLength { get; init; } = 1024;

    /// <summary>What a longer row loses. Default its end, as TRL 1.16.</summary>
    public RowTruncation Truncation { get; init; } = RowTruncation.KeepStart;

    /// <summary>Of a prompt with a completion, learn the completion alone. Default true, as TRL 1.16.</summary>
    public bool CompletionOnly { get; init; } = true;

    /// <summary>
    /// Of a conversation, learn what the assistant wrote alone, with the marks that end its turns. Default true; TRL 1.16 learns every token of a conversation
    /// unless told otherwise, so a model is taught the user's part as well.
    /// </summary>
    public bool AssistantOnly { get; init; } = true;

    /// <summary>The text that ends an answer; null for the tokenizer's end-of-text token.</summary>
    public string? EndToken { get; init; }

    /// <summary>
    /// Tokens one of which must be learned from a conversation (<see cref="Alidade.Models.CausalLM.EndTokens"/>); a row without is left out and counted, for a model would
    /// not learn to stop from it. Null: not looked at.
    /// </summary>
    public IReadOnlySet<int>? EndTokens { get; init; }
}

/// <summary>
/// Demonstrations to ids and marks: plain text is learned as a whole, of a prompt with a completion the completion (from the first token that differs from the
/// prompt tokenised alone), of a conversation the assistant's turns. Plain text and completions end with the end-of-text token.
/// </summary>
/// <remarks>Ids and marks of TRL 1.16 <c>SFTTrainer._prepare_dataset</c>. Rows that nothing can be learned from are counted.</remarks>
public sealed class DemonstrationTokenizer
{
    private readonly TextEncoder encoder;
    private readonly DemonstrationTokenOptions options;

    /// <summary>Makes it.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">Its chat template; null when it has none, then conversations are errors.</param>
    /// <param name="options">How.</param>
    /// <exception cref="AlidadeException">The maximum length is below 2.</exception>
    public DemonstrationTokenizer(Tokenizer tokenizer, ChatTemplate? template, DemonstrationTokenOptions? options = null)
    {
        this.options = options ?? new();
        if (this.options.MaxLength is < 2)
            throw new AlidadeException($"the maximum length is {this.options.MaxLength}; a row needs at least 2 tokens to learn one");
        if (this.options.Truncation == RowTruncation.CutAnswer)
            throw new AlidadeException("demonstrations are cut at their end or at their start; only single answers can be cut before an end token");
        encoder = new(tokenizer, template, this.options.EndToken);
    }

    /// <summary>All rows.</summary>
    /// <exception cref="AlidadeException">No row can be used.</exception>
    public TokenRows<DemonstrationTokens> Tokenize(IEnumerable<Demonstration> rows)
    {
        var collector = new TokenRowCollector<DemonstrationTokens>();
        foreach (var row in rows)
            Add(collector, () => RowProblems.Naming(row.Id, () => TokensOf(row) with { Weight = row.Weight, Avoided = row.Avoided }));
        return collector.Finish("demonstrations");
    }

    internal DemonstrationTokens TokensOf(Demonstration row) => row switch
    {
        TextDemonstration text => Text(row.Id, text.Text),
        CompletionDemonstration { Prompt.Text: { } prompt } completion => Completion(row.Id, prompt, completion.Completion),
        CompletionDemonstration completion => Completion(row.Id, completion.Prompt.Messages!, [new("assistant", completion.Completion)]),
        ConversationDemonstration conversation => Conversation(row.Id, conversation.Messages),
        _ => throw new ArgumentException($"no tokens for {row.GetType().Name}", nameof(row)),
    };

    internal DemonstrationTokens Text(string id, string text)
    {
        var ids = encoder.Plain(encoder.Ended(text));
        return new(id, ids, All(ids.Length));
    }

    internal DemonstrationTokens Completion(string id, string prompt, string completion)
    {
        var ids = encoder.Plain(prompt + encoder.Ended(completion));
        return new(id, ids, Marks(encoder.Plain(prompt), ids, All(ids.Length)));
    }

    internal DemonstrationTokens Completion(string id, IReadOnlyList<Message> prompt, IReadOnlyList<Message> completion)
    {
        var whole = encoder.Chat([.. prompt, .. completion], beginAnswer: false);
        var alone = encoder.Chat(prompt, beginAnswer: true);
        if (!whole.Text.StartsWith(alone.Text, StringComparison.Ordinal))
            throw new UnusableRowException("the chat template writes the prompt otherwise once an answer follows");
        return Ended(new(id, whole.Ids, Marks([.. alone.Ids], [.. whole.Ids], Learned(whole))));
    }

    internal DemonstrationTokens Conversation(string id, IReadOnlyList<Message> messages)
    {
        var whole = encoder.Chat(messages, beginAnswer: false);
        return Ended(new(id, whole.Ids, Learned(whole)));
    }

    /// <summary>Cuts and keeps a row, or counts why not.</summary>
    internal void Add(TokenRowCollector<DemonstrationTokens> collector, Func<DemonstrationTokens> make)
    {
        DemonstrationTokens row;
        try
        {
            row = make();
        }
        catch (UnusableRowException problem)
        {
            collector.Drop(problem.Message);
            return;
        }

        var cut = options.MaxLength is { } limit && row.Ids.Count > limit;
        if (cut)
            row = row with { Ids = [.. Kept(row.Ids)], Scored = [.. Kept(row.Scored)], Documents = [options.MaxLength!.Value] };
        if (!row.Scored.Contains(true))
            collector.Drop(cut ? "the prompt fills the maximum length" : "nothing to learn");
        else
            collector.Add(row, cut);
    }

    private DemonstrationTokens Ended(DemonstrationTokens row) => options.EndTokens is not { } end || row.Ids.Where((id, i) => row.Scored[i] && end.Contains(id)).Any() ? row
        : throw new UnusableRowException("no end token is learned: the chat template puts none after the answer");

    private IEnumerable<T> Kept<T>(IReadOnlyList<T> tokens) =>
        options.Truncation == RowTruncation.KeepEnd ? tokens.TakeLast(options.MaxLength!.Value) : tokens.Take(options.MaxLength!.Value);

    private bool[] Marks(int[] prompt, int[] ids, bool[] learned)
    {
        if (options.CompletionOnly)
            Array.Clear(learned, 0, prompt.AsSpan().CommonPrefixLength(ids));
        return learned;
    }

    private bool[] Learned(ChatTokens whole)
    {
        if (!options.AssistantOnly)
            return All(whole.Ids.Count);
        return whole.AssistantMask.Contains(true) ? [.. whole.AssistantMask] : throw new UnusableRowException("no turn of the assistant was found in the conversation");
    }

    private static bool[] All(int length)
    {
        var marks = new bool[length];
        Array.Fill(marks, true);
        return marks;
    }
}
