using Alidade.Core;
using Alidade.Models.Tokenizers;

namespace Alidade.Models.Chat;

/// <summary>A rendered conversation as tokens, and which of them the assistant wrote.</summary>
public sealed class ChatTokens
{
    private readonly Lazy<IReadOnlyList<bool>> mask;

    private ChatTokens(RenderedChat chat, Encoding encoding)
    {
        (Text, Ids) = (chat.Text, encoding.Ids);
        mask = new(() => Mask(chat, encoding));
    }

    /// <summary>The conversation as the template wrote it.</summary>
    public string Text { get; }

    /// <summary>The ids; nothing is added to what the template wrote.</summary>
    public IReadOnlyList<int> Ids { get; }

    /// <summary>
    /// One entry for each token: true where it overlaps what the assistant wrote, which is what a model is trained on. Taken from the template's generation
    /// blocks where it has any, else from <see cref="RenderedChat.AssistantSpans"/> with the marks that end the turns. All false when the conversation has
    /// neither; <see cref="RenderedChat.NoSpans"/> then says why. Computed at the first use.
    /// </summary>
    public IReadOnlyList<bool> AssistantMask => mask.Value;

    /// <summary>
    /// Encodes a conversation: the template's control tokens are control tokens, those spelled in the conversation's own strings are plain text, so that no one
    /// can end a turn or begin one from inside a message.
    /// </summary>
    /// <remarks>Only added tokens with the special flag are control tokens: <c>&lt;/think&gt;</c> or <c>&lt;tool_call&gt;</c> without it are still matched.</remarks>
    /// <exception cref="AlidadeException">There are no messages.</exception>
    public static ChatTokens Of(RenderedChat chat, Tokenizer tokenizer) => Encode(chat, tokenizer, chat.Untrusted);

    /// <summary>Encodes a conversation that the program itself wrote: every control token in it counts, also inside messages.</summary>
    /// <exception cref="AlidadeException">There are no messages.</exception>
    public static ChatTokens OfTrusted(RenderedChat chat, Tokenizer tokenizer) => Encode(chat, tokenizer, []);

    private static ChatTokens Encode(RenderedChat chat, Tokenizer tokenizer, IReadOnlyList<TextRange> untrusted) => chat.Messages > 0
        ? new(chat, tokenizer.EncodeWithOffsets(chat.Text, new() { AddSpecialTokens = false, Untrusted = untrusted }))
        : throw new AlidadeException("the conversation is empty: it needs at least one message");

    private static bool[] Mask(RenderedChat chat, Encoding encoding)
    {
        var written = chat.Generation.Count > 0 ? chat.Generation : [.. chat.AssistantSpans.Select(s => new TextRange(s.Start, s.EndWithMark))];
        var mask = new bool[encoding.Ids.Count];
        for (var i = 0; i < mask.Length; i++)
        {
            var (start, end) = encoding.Utf16Offsets[i];
            mask[i] = written.Any(r => start < r.End && r.Start < end);
        }

        return mask;
    }
}
