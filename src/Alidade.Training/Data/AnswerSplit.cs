using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;

namespace Alidade.Training.Data;

/// <summary>
/// A prompt and answers to it as tokens. The answers begin at the first token in which one of them differs from the prompt tokenised alone, so that one prompt serves
/// all of them. Plain answers end with the end-of-text token, conversations as their template ends them.
/// </summary>
/// <param name="Prompt">Ids that all answers begin with; may be empty.</param>
/// <param name="Answers">Ids of each answer.</param>
internal sealed record AnswerSplit(int[] Prompt, int[][] Answers)
{
    /// <summary>A prompt of either kind.</summary>
    /// <exception cref="UnusableRowException">The template writes the prompt otherwise once an answer follows, so that no token begins the answer.</exception>
    public static AnswerSplit Of(TextEncoder encoder, Prompt prompt, params IReadOnlyList<string> answers) => prompt.Text is { } text
        ? Of(encoder, text, answers)
        : Of(encoder, prompt.Messages!, [.. answers.Select(a => (IReadOnlyList<Message>)[new Message("assistant", a)])]);

    /// <summary>A plain prompt.</summary>
    public static AnswerSplit Of(TextEncoder encoder, string prompt, params IReadOnlyList<string> answers) =>
        Split(encoder.Plain(prompt), [.. answers.Select(a => encoder.Plain(prompt + encoder.Ended(a)))]);

    /// <summary>A conversation; an answer may be several turns.</summary>
    /// <exception cref="UnusableRowException">The template writes the prompt otherwise once an answer follows, so that no token begins the answer.</exception>
    public static AnswerSplit Of(TextEncoder encoder, IReadOnlyList<Message> prompt, params IReadOnlyList<IReadOnlyList<Message>> answers)
    {
        var alone = prompt.Count == 0 ? null : encoder.Chat(prompt, beginAnswer: true);
        var wholes = answers.Select(a => encoder.Chat([.. prompt, .. a], beginAnswer: false)).ToArray();
        if (alone is not null && wholes.Any(w => !w.Text.StartsWith(alone.Text, StringComparison.Ordinal)))
            throw new UnusableRowException("the chat template writes the prompt otherwise once an answer follows");
        return Split(alone is null ? [] : [.. alone.Ids], [.. wholes.Select(w => w.Ids.ToArray())]);
    }

    /// <summary>The same, once every answer is known to hold a token that ends it.</summary>
    /// <param name="endTokens">Tokens that end an answer; null when nobody asks.</param>
    /// <exception cref="UnusableRowException">An answer holds none of them.</exception>
    public AnswerSplit Ended(IReadOnlySet<int>? endTokens) => endTokens is null || Answers.All(a => a.Any(endTokens.Contains)) ? this
        : throw new UnusableRowException("the chat template puts no end token after the answer");

    private static AnswerSplit Split(int[] prompt, int[][] wholes)
    {
        var shared = wholes.Select(w => w.AsSpan().CommonPrefixLength(prompt)).Append(prompt.Length).Min();
        return new(prompt[..shared], [.. wholes.Select(w => w[shared..])]);
    }
}
