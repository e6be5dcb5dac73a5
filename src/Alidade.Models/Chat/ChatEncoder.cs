using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Tokenizers;

namespace Alidade.Models.Chat;

/// <summary>A prompt and answers to it as tokens.</summary>
/// <param name="Prompt">Ids that all answers begin with; may be empty.</param>
/// <param name="Answers">Ids of each answer: its content and the mark that ends the turn.</param>
public sealed record AnswerTokens(IReadOnlyList<int> Prompt, IReadOnlyList<IReadOnlyList<int>> Answers);

/// <summary>Conversations to the token ids that a model reads, through its chat template; control tokens that a message spells are plain text (<see cref="ChatTokens.Of"/>).</summary>
public static class ChatEncoder
{
    /// <summary>The conversation up to where the assistant's next answer begins.</summary>
    /// <exception cref="AlidadeException">The model has no chat template, or the template refuses the conversation.</exception>
    public static int[] Prompt(CausalLM model, IReadOnlyList<Message> messages) => Encode(model, messages, new() { AddGenerationPrompt = true, SpecialTokens = SpecialTokens(model.Tokenizer) });

    /// <summary>The conversation as it stands.</summary>
    /// <exception cref="AlidadeException">The model has no chat template, or the template refuses the conversation.</exception>
    public static int[] Conversation(CausalLM model, IReadOnlyList<Message> messages) => Encode(model, messages, new() { SpecialTokens = SpecialTokens(model.Tokenizer) });

    /// <summary>
    /// A prompt and answers to it. The answers begin at the first token in which one of them differs from the prompt tokenised alone, and end with the mark that ends
    /// the turn: what a template writes after that mark is not the model's to say. Plain text is continued as it stands, its answers end with the end-of-text token.
    /// </summary>
    /// <remarks>The beginnings are those of TRL 1.16's <c>DPOTrainer</c>, which also counts what stands after the mark.</remarks>
    /// <exception cref="AlidadeException">The prompt is a conversation and the model has no chat template.</exception>
    public static AnswerTokens Answers(CausalLM model, Prompt prompt, params IReadOnlyList<string> answers)
    {
        var alone = prompt.Text is { } text ? Plain(model, text) : prompt.Messages is [] ? [] : Prompt(model, prompt.Messages!);
        var wholes = answers.Select(a => prompt.Text is { } before
            ? Plain(model, before + a + (model.Tokenizer.EndOfText is { } end ? model.Tokenizer.Token(end) : ""))
            : Conversation(model, [.. prompt.Messages!, new("assistant", a)])).ToArray();
        var shared = wholes.Select(w => w.AsSpan().CommonPrefixLength(alone)).Append(alone.Length).Min();
        return new(alone[..shared], [.. wholes.Select(w => UpToEnd(model, w[shared..]))]);
    }

    /// <summary>The conversation as text, up to where the assistant's next answer begins; a last message of the assistant is left open, to be continued.</summary>
    /// <exception cref="AlidadeException">The model has no chat template, or the template refuses the conversation.</exception>
    public static RenderedChat Render(CausalLM model, IReadOnlyList<Message> messages)
    {
        var options = new ChatRenderOptions { AddGenerationPrompt = true, SpecialTokens = SpecialTokens(model.Tokenizer) };
        return messages is [.., { Role: "assistant" }] ? TemplateOf(model).RenderUnfinished(messages, options) : TemplateOf(model).Render(messages, options);
    }

    private static int[] Encode(CausalLM model, IReadOnlyList<Message> messages, ChatRenderOptions options) =>
        [.. ChatTokens.Of(TemplateOf(model).Render(messages, options), model.Tokenizer).Ids];

    private static ChatTemplate TemplateOf(CausalLM model) => model.ChatTemplate ?? throw new AlidadeException(
        $"{model.Name} has no chat template, so it cannot be given a conversation; use a model that was tuned for chat, or put its chat_template.jinja beside its weights");

    private static int[] Plain(CausalLM model, string text) => [.. model.Tokenizer.EncodeWithOffsets(text, new EncodeOptions()).Ids];

    private static int[] UpToEnd(CausalLM model, int[] answer)
    {
        var end = Array.FindLastIndex(answer, model.EndTokens.Contains);
        return end < 0 ? answer : answer[..(end + 1)];
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
