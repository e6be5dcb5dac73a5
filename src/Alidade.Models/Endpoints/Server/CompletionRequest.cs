using System.Text.Json;
using Alidade.Models.Generation;
using Alidade.Models.Tokenizers;

namespace Alidade.Models.Endpoints.Server;

/// <summary>A prompt of a completion.</summary>
/// <param name="Ids">What the model reads.</param>
/// <param name="Added">How many tokens at its beginning the tokenizer put in; they are no part of the text.</param>
/// <param name="Text">The text, to be echoed.</param>
internal sealed record CompletionPrompt(int[] Ids, int Added, string Text);

/// <summary>The body of <c>POST /v1/completions</c>.</summary>
internal sealed record CompletionRequest(
    string? Model, IReadOnlyList<CompletionPrompt> Prompts, GenerationOptions Options, int MaxTokens, int Count, int? LogProbs, bool Echo, bool Stream, bool IncludeUsage)
{
    // The protocol's own.
    private const int DefaultMaxTokens = 16;

    /// <summary>Reads it.</summary>
    /// <exception cref="ApiException">A field has a wrong type or value, or is not supported.</exception>
    public static CompletionRequest Read(RequestReader body, Tokenizer tokenizer, int mostChoices)
    {
        body.Ignore("user", "store", "metadata");
        var (stream, usage) = SamplingFields.Streaming(body);
        var echo = body.Flag("echo") ?? false;
        var most = (int)(body.Integer("max_tokens", 0, int.MaxValue) ?? DefaultMaxTokens);
        if (most == 0 && !echo)
            throw ApiException.Invalid("'max_tokens' is 0, which gives nothing; with 'echo' it scores the prompt", "max_tokens");
        var count = SamplingFields.Count(body, mostChoices);
        if ((body.Integer("best_of", 1, mostChoices) ?? count) != count)
            throw ApiException.Invalid("'best_of' is supported only when it equals 'n'", "best_of", "unsupported_parameter");
        var logProbs = SamplingFields.Top(body, "logprobs");
        var prompts = Read(body, tokenizer);
        if ((long)prompts.Count * count > mostChoices)
            throw ApiException.Invalid(FormattableString.Invariant($"{prompts.Count} prompts with 'n' {count} are more than {mostChoices} answers; ask for fewer at once"), "prompt");
        return new(body.Text("model"), prompts, SamplingFields.Read(body) with { TopLogProbs = logProbs ?? 0 }, most, count, logProbs, echo, stream, usage);
    }

    private static IReadOnlyList<CompletionPrompt> Read(RequestReader body, Tokenizer tokenizer)
    {
        var prompt = body.Any("prompt") ?? throw ApiException.Invalid("'prompt' is missing; give a text, a list of texts, a list of token ids, or a list of such lists", "prompt");
        if (prompt.ValueKind == JsonValueKind.String)
            return [OfText(prompt.GetString()!, "prompt", tokenizer)];
        if (prompt.ValueKind != JsonValueKind.Array)
            throw RequestReader.Wrong(prompt, "prompt", "a text or a list");
        var items = RequestReader.ListOf(prompt, "prompt");
        if (items.Count == 0)
            throw ApiException.Invalid("'prompt' is empty", "prompt");
        if (items[0].Value.ValueKind == JsonValueKind.Number)
            return [OfIds(prompt, "prompt", tokenizer)];
        return [.. items.Select(i => i.Value.ValueKind == JsonValueKind.Array ? OfIds(i.Value, i.Path, tokenizer) : OfText(RequestReader.TextOf(i.Value, i.Path), i.Path, tokenizer))];
    }

    // A completion's prompt is the whole of what the model reads, so control tokens in it count; what a person wrote belongs into a chat.
    private static CompletionPrompt OfText(string text, string path, Tokenizer tokenizer)
    {
        var encoding = tokenizer.EncodeWithOffsets(text, new() { AddSpecialTokens = true });
        var added = encoding.SpecialMask.TakeWhile(s => s).Count();
        // An end token behind the text would end it before it is continued.
        int[] ids = [.. encoding.Ids.Take(encoding.Ids.Count - encoding.SpecialMask.Skip(added).Reverse().TakeWhile(s => s).Count())];
        if (ids.Length == 0 && tokenizer.BeginningOfText is { } begin)
            (ids, added) = ([begin], 1);
        return ids.Length > 0 ? new(ids, added, text) : throw ApiException.Invalid($"'{path}' is empty, and this model has no token to begin with", path);
    }

    private static CompletionPrompt OfIds(JsonElement list, string path, Tokenizer tokenizer)
    {
        int[] ids = [.. RequestReader.ListOf(list, path).Select(i => (int)RequestReader.IntegerOf(i.Value, i.Path, 0, tokenizer.VocabularySize - 1))];
        return ids.Length > 0 ? new(ids, 0, tokenizer.Decode(ids)) : throw ApiException.Invalid($"'{path}' holds no token", path);
    }
}
