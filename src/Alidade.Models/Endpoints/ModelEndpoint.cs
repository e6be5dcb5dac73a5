using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core;
using Microsoft.Extensions.AI;

namespace Alidade.Models.Endpoints;

/// <summary>
/// An OpenAI-compatible endpoint: chat, completions with log-probabilities, embeddings and the list of models, under one set of limits and one account of
/// tries, failures, tokens and cost.
/// </summary>
/// <remarks>Safe for concurrent use. The only network calls are to <see cref="EndpointOptions.BaseUrl"/>.</remarks>
public sealed class ModelEndpoint : IDisposable
{
    // English text has about four characters a token; used only until the endpoint has counted.
    private const int CharactersPerToken = 4;

    /// <summary>Makes the endpoint; nothing is sent yet.</summary>
    /// <param name="options">Where it is and how patient to be.</param>
    /// <param name="time">The clock of delays, timeouts and limits; the system's when null.</param>
    /// <exception cref="AlidadeException">An option is out of range, or the key's variable is not set.</exception>
    public ModelEndpoint(EndpointOptions options, TimeProvider? time = null)
    {
        Options = options;
        Transport = new(options, time ?? TimeProvider.System, Random.Shared.NextDouble);
        Chat = new(this);
        Embeddings = new(this);
    }

    /// <summary>The options.</summary>
    public EndpointOptions Options { get; }

    /// <summary>What the calls came to so far.</summary>
    public EndpointStatistics Statistics => Transport.Statistics;

    /// <summary>The chat model behind it.</summary>
    public EndpointChatClient Chat { get; }

    /// <summary>The embeddings behind it.</summary>
    public EndpointEmbeddings Embeddings { get; }

    internal EndpointTransport Transport { get; }

    /// <summary>The names of the models that it serves.</summary>
    /// <exception cref="EndpointException">No try gave an answer.</exception>
    public Task<IReadOnlyList<string>> ModelsAsync(CancellationToken cancellation = default) => Transport.SendAsync<IReadOnlyList<string>>(
        new("models", null, 0), answer => [.. Wire.Items(answer, "data").Select(m => Wire.Text(m, "id")).OfType<string>()], cancellation);

    /// <summary>Continues a text.</summary>
    /// <exception cref="EndpointException">No try gave an answer.</exception>
    public Task<EndpointCompletion> CompleteAsync(string prompt, CompletionOptions options, CancellationToken cancellation = default)
    {
        var body = new JsonObject { ["model"] = Options.Model, ["prompt"] = prompt, ["max_tokens"] = options.MaxNewTokens };
        ChatRequestBody.Set(body, "temperature", options.Temperature);
        ChatRequestBody.Set(body, "top_p", options.TopP);
        ChatRequestBody.Set(body, "seed", options.Seed);
        ChatRequestBody.Set(body, "logprobs", options.LogProbs);
        ChatRequestBody.Set(body, "stop", options.Stop.Count > 0 ? new JsonArray([.. options.Stop.Select(s => (JsonNode)s)]) : null);
        return Transport.SendAsync(Request("completions", body), Completion, cancellation);
    }

    /// <summary>
    /// The log-probability of every token of a given text but the first: a completion with <c>echo</c>, <c>logprobs</c> and no new token. Where a server insists
    /// on making one, it is left out.
    /// </summary>
    /// <param name="text">The text, of at least one token.</param>
    /// <param name="top">How many of the likeliest tokens in each place; 0 for none.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="EndpointException">No try gave an answer with log-probabilities: many providers do not score given text.</exception>
    public Task<IReadOnlyList<EndpointToken>> ScoreAsync(string text, int top = 0, CancellationToken cancellation = default)
    {
        var body = new JsonObject { ["model"] = Options.Model, ["prompt"] = text, ["max_tokens"] = 0, ["echo"] = true, ["logprobs"] = top, ["temperature"] = 0 };
        return Transport.SendAsync<IReadOnlyList<EndpointToken>>(
            Request("completions", body),
            answer =>
            {
                var tokens = Completion(answer).Tokens ?? throw NoScores($"{Options.BaseUrl} gave no log-probabilities of the text: it does not support 'echo' with 'logprobs'");
                var length = text.EnumerateRunes().Count();
                EndpointToken[] scored = [.. tokens.Zip(EndpointTokens.Offsets(Wire.Choices(answer)[0], tokens)).TakeWhile(t => t.Second < length).Select(t => t.First)];
                return scored.Skip(1).All(t => t.LogProb is not null) && scored.Length > 0 ? scored : throw NoScores($"{Options.BaseUrl} left tokens of the text without a log-probability");
            },
            cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => Transport.Dispose();

    /// <summary>A request, with the tokens that it may use.</summary>
    internal EndpointRequest Request(string path, JsonObject body)
    {
        var limit = (body[Options.MaxTokensField] ?? body["max_tokens"]) is JsonValue most && most.TryGetValue<int>(out var tokens) ? tokens : 0;
        return new(path, body, (body.ToJsonString().Length / CharactersPerToken) + limit);
    }

    private static EndpointException NoScores(string message) => new(EndpointFailure.InvalidAnswer, message, final: true);

    private static EndpointCompletion Completion(JsonElement answer)
    {
        var choice = Wire.Choices(answer)[0];
        return new(
            Wire.Text(choice, "text") ?? throw new EndpointException(EndpointFailure.InvalidAnswer, "a choice of the answer has no field 'text'"),
            Wire.Text(choice, "finish_reason"),
            EndpointTokens.OfCompletion(choice));
    }
}

/// <summary>How a text is continued.</summary>
public sealed record CompletionOptions
{
    /// <summary>Most new tokens. Default 256.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>Temperature; the server's default when null.</summary>
    public double? Temperature { get; init; }

    /// <summary>Only the likeliest tokens that together reach this probability; the server's default when null.</summary>
    public double? TopP { get; init; }

    /// <summary>Seed of the sampling, where the server knows one.</summary>
    public long? Seed { get; init; }

    /// <summary>Asks for log-probabilities, and for this many of the likeliest tokens in each place; null for none.</summary>
    public int? LogProbs { get; init; }

    /// <summary>Texts that end the continuation.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];
}

/// <summary>A continued text.</summary>
/// <param name="Text">What was written.</param>
/// <param name="FinishReason">Why it ended: <c>stop</c> or <c>length</c>; null when the endpoint does not say.</param>
/// <param name="Tokens">Its tokens; null when no log-probabilities were asked for or given.</param>
public sealed record EndpointCompletion(string Text, string? FinishReason, IReadOnlyList<EndpointToken>? Tokens);
