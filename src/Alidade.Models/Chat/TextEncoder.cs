using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Tokenizers;

namespace Alidade.Models.Chat;

/// <summary>
/// Texts and conversations to ids, the one way for all that a model reads or learns: plain texts with the tokenizer's own special tokens, conversations through the
/// template without any but those that it writes.
/// </summary>
public sealed class TextEncoder
{
    private readonly Tokenizer tokenizer;
    private readonly ChatTemplate? template;
    private readonly string? endToken;
    private readonly string model;
    private readonly ChatRenderOptions rendering;

    /// <summary>Makes it.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">Its chat template; null when it has none, then conversations are errors.</param>
    /// <param name="endToken">The text that ends an answer; null for the tokenizer's end-of-text token.</param>
    /// <param name="model">What an error calls the model.</param>
    public TextEncoder(Tokenizer tokenizer, ChatTemplate? template, string? endToken = null, string model = "the model")
    {
        (this.tokenizer, this.template, this.model) = (tokenizer, template, model);
        this.endToken = endToken ?? (tokenizer.EndOfText is { } id ? tokenizer.Token(id) : null);
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, token) in new[] { ("bos_token", tokenizer.BeginningOfText), ("eos_token", tokenizer.EndOfText), ("pad_token", tokenizer.Padding) })
            if (token is { } known)
                tokens[name] = tokenizer.Token(known);
        rendering = new() { SpecialTokens = tokens };
    }

    /// <summary>The encoder of a model.</summary>
    public static TextEncoder Of(CausalLM model) => new(model.Tokenizer, model.ChatTemplate, model: model.Name);

    /// <summary>The text that ends an answer.</summary>
    /// <exception cref="AlidadeException">The tokenizer names no end-of-text token, so that a model could not learn to stop.</exception>
    public string EndToken => endToken
        ?? throw new AlidadeException("the tokenizer names no end-of-text token, so a model could not learn to stop; name one in tokenizer_config.json (eos_token)");

    /// <summary>True when an end token is known.</summary>
    public bool HasEndToken => endToken is not null;

    /// <summary>A plain text. Control tokens that it spells are control tokens: the text is the user's own.</summary>
    public int[] Plain(string text) => [.. tokenizer.EncodeWithOffsets(text, new EncodeOptions()).Ids];

    /// <summary>A prompt up to where its answer begins: a plain text as it is, a conversation with the assistant's next turn begun; nothing for a conversation without turns.</summary>
    /// <exception cref="AlidadeException">It is a conversation and the model has no chat template, or the template refuses it.</exception>
    public int[] Prompt(Prompt prompt) => prompt.Text is { } text ? Plain(text) : prompt.Messages is [] ? [] : [.. Chat(prompt.Messages!, beginAnswer: true).Ids];

    /// <summary>The text with the end token spelled after it, unless it ends so already.</summary>
    /// <exception cref="AlidadeException">No end token is known.</exception>
    public string Ended(string text) => text.EndsWith(EndToken, StringComparison.Ordinal) ? text : text + EndToken;

    /// <summary>A conversation through the template; control tokens that a message spells are plain text, so no one ends a turn from inside a message.</summary>
    /// <param name="messages">The turns.</param>
    /// <param name="beginAnswer">Whether the template opens the assistant's next turn.</param>
    /// <exception cref="AlidadeException">The model has no chat template, or the template refuses the conversation.</exception>
    public ChatTokens Chat(IReadOnlyList<Message> messages, bool beginAnswer) =>
        ChatTokens.Of(Template.Render(messages, rendering with { AddGenerationPrompt = beginAnswer }), tokenizer);

    /// <summary>The conversation as text, up to where the assistant's next answer begins; a last message of the assistant is left open, to be continued.</summary>
    /// <exception cref="AlidadeException">The model has no chat template, or the template refuses the conversation.</exception>
    public RenderedChat Render(IReadOnlyList<Message> messages)
    {
        var options = rendering with { AddGenerationPrompt = true };
        return messages is [.., { Role: "assistant" }] ? Template.RenderUnfinished(messages, options) : Template.Render(messages, options);
    }

    private ChatTemplate Template => template ?? throw new AlidadeException(
        $"{model} has no chat template, so it cannot be given a conversation; use a model that was tuned for chat, put its chat_template.jinja beside its weights, or give plain prompts and answers");
}
