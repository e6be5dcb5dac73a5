using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Alidade.Models.Endpoints;

/// <summary>One token of an answer with its log-probability, as an endpoint gives them: by text, for endpoints show no ids.</summary>
/// <param name="Text">The token's text; of half a character what the endpoint makes of it.</param>
/// <param name="LogProb">log p in nats; null where there is none (the first token of a text that is scored).</param>
/// <param name="Top">The likeliest tokens in its place, likeliest first; empty when none were asked for.</param>
public sealed record EndpointToken(string Text, double? LogProb, IReadOnlyList<(string Text, double LogProb)> Top);

/// <summary>Log-probabilities through <see cref="IChatClient"/>, whose own types have no place for them.</summary>
public static class EndpointTokens
{
    internal const string Key = "logprobs";

    /// <summary>Asks for the log-probability of each token, and of the likeliest ones in its place.</summary>
    /// <param name="options">The options, which are changed.</param>
    /// <param name="top">How many of the likeliest; 0 for none. Servers allow up to 20.</param>
    /// <returns>The options.</returns>
    public static ChatOptions WithLogProbs(this ChatOptions options, int top = 0)
    {
        options.AdditionalProperties ??= [];
        options.AdditionalProperties["logprobs"] = true;
        if (top > 0)
            options.AdditionalProperties["top_logprobs"] = top;
        return options;
    }

    /// <summary>The tokens of an answer; null when the endpoint gave none.</summary>
    public static IReadOnlyList<EndpointToken>? LogProbs(this ChatResponse response) => Of(response.AdditionalProperties);

    /// <summary>The tokens of a piece of a streamed answer; null when the endpoint gave none.</summary>
    public static IReadOnlyList<EndpointToken>? LogProbs(this ChatResponseUpdate update) => Of(update.AdditionalProperties);

    /// <summary>Reads <c>choices[].logprobs</c> of a chat.</summary>
    internal static IReadOnlyList<EndpointToken>? OfChat(JsonElement choice)
    {
        if (Wire.Field(choice, "logprobs") is not { } logProbs || Wire.Field(logProbs, "content") is null)
            return null;
        return [.. Wire.Items(logProbs, "content").Select(t => new EndpointToken(
            Wire.Text(t, "token") ?? "", Wire.Number(t, "logprob"), [.. Wire.Items(t, "top_logprobs").Select(o => (Wire.Text(o, "token") ?? "", Wire.Number(o, "logprob") ?? double.NaN))]))];
    }

    /// <summary>Reads <c>choices[].logprobs</c> of a completion: parallel lists.</summary>
    internal static IReadOnlyList<EndpointToken>? OfCompletion(JsonElement choice)
    {
        if (Wire.Field(choice, "logprobs") is not { } logProbs)
            return null;
        JsonElement[] texts = [.. Wire.Items(logProbs, "tokens")];
        JsonElement[] values = [.. Wire.Items(logProbs, "token_logprobs")];
        JsonElement[] tops = [.. Wire.Items(logProbs, "top_logprobs")];
        if (texts.Length != values.Length || (tops.Length > 0 && tops.Length != texts.Length))
            throw new EndpointException(EndpointFailure.InvalidAnswer, FormattableString.Invariant($"the answer's logprobs hold {texts.Length} tokens, {values.Length} values and {tops.Length} lists of likely tokens"));
        return [.. texts.Select((t, i) => new EndpointToken(
            t.ToString(),
            values[i].ValueKind == JsonValueKind.Number ? values[i].GetDouble() : null,
            tops.Length == 0 || tops[i].ValueKind != JsonValueKind.Object ? []
                : [.. tops[i].EnumerateObject().Select(p => (p.Name, p.Value.ValueKind == JsonValueKind.Number ? p.Value.GetDouble() : double.NaN)).OrderByDescending(p => p.Item2)]))];
    }

    /// <summary>Where each token of a completion begins in its text, in code points: as the answer says, else as the tokens' lengths come to.</summary>
    internal static IEnumerable<int> Offsets(JsonElement choice, IReadOnlyList<EndpointToken> tokens)
    {
        JsonElement[] told = [.. Wire.Field(choice, "logprobs") is { } logProbs ? Wire.Items(logProbs, "text_offset") : []];
        if (told.Length == tokens.Count && told.All(o => o.ValueKind == JsonValueKind.Number && o.TryGetInt32(out _)))
            return told.Select(o => o.GetInt32());
        var at = 0;
        return tokens.Select(t => (at += t.Text.EnumerateRunes().Count()) - t.Text.EnumerateRunes().Count());
    }

    private static IReadOnlyList<EndpointToken>? Of(AdditionalPropertiesDictionary? properties) =>
        properties is not null && properties.TryGetValue(Key, out var value) ? value as IReadOnlyList<EndpointToken> : null;
}
