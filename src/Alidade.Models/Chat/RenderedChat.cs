namespace Alidade.Models.Chat;

/// <summary>A conversation as the model reads it, with what is known of where its characters came from. All positions are UTF-16 units of <see cref="Text"/>.</summary>
public sealed class RenderedChat
{
    private readonly Lazy<AssistantSearch> search;

    internal RenderedChat(int messages, string text, IReadOnlyList<TextRange> generation, IReadOnlyList<TextRange> untrusted, Func<AssistantSearch> search)
    {
        Messages = messages;
        Text = text;
        Generation = generation;
        Untrusted = untrusted;
        this.search = new(search);
    }

    /// <summary>How many messages were rendered.</summary>
    public int Messages { get; }

    /// <summary>The text.</summary>
    public string Text { get; }

    /// <summary>
    /// What the assistant wrote, message by message, found by rendering the conversation again with a unique word for every content. Computed at the first
    /// use. Empty when the template changes contents so that they cannot be placed: <see cref="NoSpans"/> then says why.
    /// </summary>
    public IReadOnlyList<AssistantSpan> AssistantSpans => search.Value.Spans;

    /// <summary>Why there are no spans although there are assistant messages; null when there is nothing to explain.</summary>
    public string? NoSpans => search.Value.Reason;

    /// <summary>The template's own <c>{% generation %}</c> blocks: what the model is trained to write. Empty for templates without them.</summary>
    public IReadOnlyList<TextRange> Generation { get; }

    /// <summary>
    /// The characters that came from the conversation (messages, tools, documents), not from the template; sorted and disjoint. A control token spelled
    /// there was written by a person or a tool and must be encoded as plain text.
    /// </summary>
    public IReadOnlyList<TextRange> Untrusted { get; }
}

/// <summary>Where one assistant message stands in the text, in UTF-16 units.</summary>
/// <param name="Message">Its index among the messages.</param>
/// <param name="Start">Where its content begins.</param>
/// <param name="End">One past the end of its content.</param>
/// <param name="EndWithMark">One past the mark that closes the turn, which a model must learn to write as well; the same as End where there is none.</param>
public readonly record struct AssistantSpan(int Message, int Start, int End, int EndWithMark);

/// <summary>The outcome of the search for the spans: some, or the reason for none.</summary>
internal sealed record AssistantSearch(IReadOnlyList<AssistantSpan> Spans, string? Reason)
{
    public static AssistantSearch None(string reason) => new([], reason);
}
