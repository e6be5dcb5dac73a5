using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;

namespace Alidade.Evaluation.Likelihood;

/// <summary>What a person may settle of how prompts become tokens.</summary>
public sealed record PromptOptions
{
    /// <summary>The token that stands before a text with nothing before it; null (default) for the model's beginning token, or its end token where it has none.</summary>
    public int? Prefix { get; init; }

    /// <summary>
    /// Whether prompts get the tokens that the tokenizer puts around a text; null (default) where they are plain text, and not where a chat template has written them.
    /// lm-evaluation-harness adds them to conversations as well (true).
    /// </summary>
    public bool? AddSpecialTokens { get; init; }
}

/// <summary>
/// How prompts become tokens, as lm-evaluation-harness 0.4.13 does it (<c>TemplateLM._encode_pair</c>, <c>HFLM.tok_encode</c>), but control tokens that stand in the
/// messages of a conversation are plain text. A plain text gets what the tokenizer puts in front of a text, unless it begins with the prefix token itself.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="options">How.</param>
internal sealed class PromptTokens(CausalLM model, PromptOptions options)
{
    private int Prefix => options.Prefix ?? ContinuationTokens.Prefix(model);

    /// <summary>
    /// A context and its continuation: white space at the end of the context moves to the continuation, the whole and the context are tokenised, and the continuation
    /// is what follows the context's number of tokens. The cut is not repaired where a token spans the border. An empty context is the model's beginning token, or its
    /// end token where it has none.
    /// </summary>
    /// <exception cref="AlidadeException">The continuation is empty, or the model has neither token.</exception>
    public (IReadOnlyList<int> Context, IReadOnlyList<IReadOnlyList<int>> Continuations) Of(Prompt context, IReadOnlyList<string> continuations)
    {
        if (continuations.Any(c => c.Length == 0))
            throw new AlidadeException("an empty continuation has no likelihood");
        var (text, untrusted) = Text(context);
        if (text.Length == 0)
            return AfterNothing(continuations);
        // Python's white space: .NET's and the four separators U+001C to U+001F.
        var kept = text.TrimEnd().TrimEnd('\u001c', '\u001d', '\u001e', '\u001f').TrimEnd();
        var moved = text[kept.Length..];
        var before = Ids(kept, untrusted, context.Text is not null);
        if (before.Count == 0)
            throw new AlidadeException("a context of white space alone has no tokens to continue; give an empty one");
        return (before, [.. continuations.Select(c =>
        {
            IReadOnlyList<TextRange> ranges = context.Text is not null ? [] : [.. untrusted, new(text.Length, text.Length + c.Length)];
            return (IReadOnlyList<int>)[.. Ids(kept + moved + c, ranges, context.Text is not null).Skip(before.Count)];
        })]);
    }

    /// <summary>A prompt to generate from.</summary>
    /// <exception cref="AlidadeException">It has no tokens.</exception>
    public IReadOnlyList<int> Of(Prompt prompt)
    {
        var (text, untrusted) = Text(prompt);
        return text.Length == 0 ? [Prefix] : Ids(text, untrusted, prompt.Text is not null);
    }

    /// <summary>A text that is scored as a whole.</summary>
    public IReadOnlyList<int> Of(string text) => Ids(text, [], plain: true);

    private (IReadOnlyList<int>, IReadOnlyList<IReadOnlyList<int>>) AfterNothing(IReadOnlyList<string> continuations)
    {
        var prefix = Prefix;
        // A text that begins with the prefix token is not given it twice.
        return ([prefix], [.. continuations.Select(c => model.Tokenizer.Encode(c) is var ids && ids[0] == prefix && ids.Length > 1 ? ids[1..] : ids)]);
    }

    private (string Text, IReadOnlyList<TextRange> Untrusted) Text(Prompt prompt)
    {
        if (prompt.Text is { } text)
            return (text, []);
        var rendered = ChatEncoder.Render(model, prompt.Messages!);
        return (rendered.Text, rendered.Untrusted);
    }

    private IReadOnlyList<int> Ids(string text, IReadOnlyList<TextRange> untrusted, bool plain)
    {
        var tokenizer = model.Tokenizer;
        var begins = (options.Prefix ?? tokenizer.BeginningOfText ?? tokenizer.EndOfText) is { } prefix && text.StartsWith(tokenizer.Token(prefix), StringComparison.Ordinal);
        return tokenizer.EncodeWithOffsets(text, new() { AddSpecialTokens = !begins && (options.AddSpecialTokens ?? plain), Untrusted = [.. untrusted.Where(r => r.Start < text.Length).Select(r => r with { End = Math.Min(r.End, text.Length) })] }).Ids;
    }
}
