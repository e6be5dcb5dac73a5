using Alidade.Core;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;

namespace Alidade.Training.Data;

/// <summary>A row that cannot be used for a reason that is counted.</summary>
internal sealed class UnusableRowException(string reason) : Exception(reason);

/// <summary>
/// Texts and conversations to ids, as TRL 1.16 makes them: plain texts with the tokenizer's own special tokens, conversations through the template without any.
/// </summary>
internal sealed class TextEncoder(Tokenizer tokenizer, ChatTemplate? template, string? endToken)
{
    private readonly ChatRenderOptions rendering = new() { SpecialTokens = SpecialTokens(tokenizer) };

    /// <summary>The text that ends an answer.</summary>
    private string End { get; } = endToken ?? (tokenizer.EndOfText is { } id ? tokenizer.Token(id)
        : throw new AlidadeException("the tokenizer names no end-of-text token, so a model could not learn to stop; name one in tokenizer_config.json (eos_token)"));

    /// <summary>A plain text. Control tokens that it spells are control tokens: training data are the user's own.</summary>
    public int[] Plain(string text) => [.. tokenizer.EncodeWithOffsets(text, new EncodeOptions()).Ids];

    /// <summary>The text with the end-of-text token spelled after it, unless it ends so already.</summary>
    public string Ended(string text) => text.EndsWith(End, StringComparison.Ordinal) ? text : text + End;

    /// <summary>A conversation through the template; control tokens that a message spells are plain text, so no one ends a turn from inside a message.</summary>
    /// <param name="messages">The turns.</param>
    /// <param name="beginAnswer">Whether the template opens the assistant's next turn.</param>
    public ChatTokens Chat(IReadOnlyList<Message> messages, bool beginAnswer) => template is null
        ? throw new AlidadeException("the data hold conversations but the model has no chat template; give plain prompts and answers, or a model with chat_template.jinja")
        : ChatTokens.Of(template.Render(messages, rendering with { AddGenerationPrompt = beginAnswer }), tokenizer);

    /// <summary>Length of the common beginning.</summary>
    public static int Common(ReadOnlySpan<int> first, ReadOnlySpan<int> second) => first.CommonPrefixLength(second);

    /// <summary>Says which row an error is about.</summary>
    public static T Naming<T>(string row, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (AlidadeException problem)
        {
            throw new AlidadeException($"row '{row}': {problem.Message}", problem);
        }
    }

    private static Dictionary<string, string> SpecialTokens(Tokenizer tokenizer)
    {
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, id) in new[] { ("bos_token", tokenizer.BeginningOfText), ("eos_token", tokenizer.EndOfText), ("pad_token", tokenizer.Padding) })
            if (id is { } known)
                tokens[name] = tokenizer.Token(known);
        return tokens;
    }
}
