using Alidade.Core;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;

namespace Alidade.Training.Data;

/// <summary>A row that cannot be used for a reason that is counted.</summary>
internal sealed class UnusableRowException(string reason) : Exception(reason);

/// <summary>A conversation as tokens.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="FromAssistant">True for each token of what the assistant wrote, its end-of-turn mark included.</param>
internal readonly record struct ChatTokens(int[] Ids, bool[] FromAssistant);

/// <summary>
/// Texts and conversations to ids, as TRL 1.16 makes them: plain texts with the tokenizer's own special tokens, conversations through the template without any.
/// </summary>
internal sealed class TextEncoder(Tokenizer tokenizer, ChatTemplate? template, string? endToken)
{
    private readonly ChatRenderOptions plain = new() { SpecialTokens = SpecialTokens(tokenizer) };

    /// <summary>The text that ends an answer.</summary>
    private string End { get; } = endToken ?? (tokenizer.EndOfText is { } id ? tokenizer.Token(id)
        : throw new AlidadeException("the tokenizer names no end-of-text token, so a model could not learn to stop; name one in tokenizer_config.json (eos_token)"));

    /// <summary>A plain text. Control tokens that it spells are control tokens: training data are the user's own.</summary>
    public int[] Plain(string text) => [.. tokenizer.EncodeWithOffsets(text, new EncodeOptions()).Ids];

    /// <summary>The text with the end-of-text token spelled after it, unless it ends so already.</summary>
    public string Ended(string text) => text.EndsWith(End, StringComparison.Ordinal) ? text : text + End;

    /// <summary>A conversation through the template.</summary>
    /// <param name="messages">The turns.</param>
    /// <param name="beginAnswer">Whether the template opens the assistant's next turn.</param>
    /// <exception cref="UnusableRowException">A message spells a control token.</exception>
    public ChatTokens Chat(IReadOnlyList<Message> messages, bool beginAnswer)
    {
        if (template is null)
            throw new AlidadeException("the data hold conversations but the model has no chat template; give plain prompts and answers, or a model with chat_template.jinja");
        var rendered = template.Render(messages, plain with { AddGenerationPrompt = beginAnswer });
        var encoding = tokenizer.EncodeWithOffsets(rendered.Text, new EncodeOptions { AddSpecialTokens = false });
        var offsets = encoding.Utf16Offsets;
        // A control token inside a message would end a turn for somebody who only wrote text.
        for (var i = 0; i < offsets.Count; i++)
            if (tokenizer.IsSpecial(encoding.Ids[i]) && rendered.Untrusted.Any(u => offsets[i].Start >= u.Start && offsets[i].End <= u.End))
                throw new UnusableRowException("a message spells a control token");
        var marks = new bool[offsets.Count];
        foreach (var (start, end) in AssistantRanges(rendered))
        {
            var first = -1;
            var last = -1;
            for (var i = 0; i < offsets.Count; i++)
            {
                var (from, to) = offsets[i];
                if (from >= end || to <= start || to <= from)
                    continue;
                first = first < 0 ? i : first;
                last = i;
            }

            if (first >= 0)
                Array.Fill(marks, true, first, last - first + 1);
        }

        return new([.. encoding.Ids], marks);
    }

    /// <summary>Length of the common beginning.</summary>
    public static int Common(ReadOnlySpan<int> first, ReadOnlySpan<int> second) => first.CommonPrefixLength(second);

    // The template's own generation blocks where it has them, else what the search for the contents finds.
    private static IEnumerable<(int Start, int End)> AssistantRanges(RenderedChat rendered) => rendered.Generation.Count > 0
        ? rendered.Generation.Select(g => (g.Start, g.End))
        : rendered.AssistantSpans.Select(s => (s.Start, s.EndWithMark));

    private static Dictionary<string, string> SpecialTokens(Tokenizer tokenizer)
    {
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, id) in new[] { ("bos_token", tokenizer.BeginningOfText), ("eos_token", tokenizer.EndOfText), ("pad_token", tokenizer.Padding) })
            if (id is { } known)
                tokens[name] = tokenizer.Token(known);
        return tokens;
    }
}
