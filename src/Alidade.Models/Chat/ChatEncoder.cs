using Alidade.Core;
using Alidade.Core.Data;

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
    public static int[] Prompt(CausalLM model, IReadOnlyList<Message> messages) => [.. TextEncoder.Of(model).Chat(messages, beginAnswer: true).Ids];

    /// <summary>The conversation as it stands.</summary>
    /// <exception cref="AlidadeException">The model has no chat template, or the template refuses the conversation.</exception>
    public static int[] Conversation(CausalLM model, IReadOnlyList<Message> messages) => [.. TextEncoder.Of(model).Chat(messages, beginAnswer: false).Ids];

    /// <summary>
    /// A prompt and answers to it. The answers begin at the first token in which one of them differs from the prompt tokenised alone, and end with the mark that ends
    /// the turn: what a template writes after that mark is not the model's to say. Plain text is continued as it stands, its answers end with the end-of-text token.
    /// </summary>
    /// <remarks>The beginnings are those of TRL 1.16's <c>DPOTrainer</c>, which also counts what stands after the mark.</remarks>
    /// <exception cref="AlidadeException">The prompt is a conversation and the model has no chat template.</exception>
    public static AnswerTokens Answers(CausalLM model, Prompt prompt, params IReadOnlyList<string> answers)
    {
        var encoder = TextEncoder.Of(model);
        var alone = encoder.Prompt(prompt);
        var wholes = answers.Select(a => prompt.Text is { } before
            ? encoder.Plain(before + a + (encoder.HasEndToken ? encoder.EndToken : ""))
            : [.. encoder.Chat([.. prompt.Messages!, new("assistant", a)], beginAnswer: false).Ids]).ToArray();
        var shared = wholes.Select(w => w.AsSpan().CommonPrefixLength(alone)).Append(alone.Length).Min();
        return new(alone[..shared], [.. wholes.Select(w => UpToEnd(model, w[shared..]))]);
    }

    /// <summary>The conversation as text, up to where the assistant's next answer begins; a last message of the assistant is left open, to be continued.</summary>
    /// <exception cref="AlidadeException">The model has no chat template, or the template refuses the conversation.</exception>
    public static RenderedChat Render(CausalLM model, IReadOnlyList<Message> messages) => TextEncoder.Of(model).Render(messages);

    private static int[] UpToEnd(CausalLM model, int[] answer)
    {
        var end = Array.FindLastIndex(answer, model.EndTokens.Contains);
        return end < 0 ? answer : answer[..(end + 1)];
    }
}
