using System.Diagnostics;
using Alidade.Core;
using Alidade.Models.Chat;
using Alidade.Models.Endpoints;
using Microsoft.Extensions.AI;

namespace Alidade.Evaluation.Engine;

/// <summary>
/// A model as a black box: conversations in, text out. It gives no log-likelihoods. A call that fails for good is <see cref="Unanswered"/> with its cause; the client
/// behind it retries and keeps to its limits.
/// </summary>
/// <param name="client">The client; it belongs to the caller.</param>
/// <param name="name">What people call the model.</param>
/// <param name="identity">What distinguishes its answers from those of other models, such as the endpoint's address and the model's name there.</param>
/// <param name="concurrency">Most calls under way at once.</param>
public sealed class ChatModel(IChatClient client, string name, string identity, int concurrency) : IEvaluatedModel
{
    /// <summary>Reason of a request that only a white-box model answers.</summary>
    public const string NoLogLikelihoods = "the endpoint gives no log-likelihoods";

    /// <summary>A model behind an endpoint, with that endpoint's limit of calls under way.</summary>
    public ChatModel(ModelEndpoint endpoint)
        : this(endpoint.Chat, endpoint.Options.Model, $"{endpoint.Options.BaseUrl} {endpoint.Options.Model}", endpoint.Options.MaxConcurrency)
    {
    }

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Identity => identity;

    /// <inheritdoc/>
    public bool GivesLogLikelihoods => false;

    /// <inheritdoc/>
    public bool IsChat => true;

    /// <inheritdoc/>
    public int Concurrency => concurrency;

    /// <inheritdoc/>
    /// <remarks>Each request is a batch of its own.</remarks>
    public IReadOnlyList<IReadOnlyList<int>> Plan(IReadOnlyList<Request> requests) => [.. Enumerable.Range(0, requests.Count).Select(i => (IReadOnlyList<int>)[i])];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Response>> AnswerAsync(IReadOnlyList<Request> batch, CancellationToken cancellation) =>
        [.. await Task.WhenAll(batch.Select(r => AnswerAsync(r, cancellation))).ConfigureAwait(false)];

    private async Task<Response> AnswerAsync(Request request, CancellationToken cancellation)
    {
        if (request is not GenerationRequest generation)
            return new Unanswered(NoLogLikelihoods, $"{name} answers in text alone");
        var watch = Stopwatch.StartNew();
        try
        {
            var texts = new List<GeneratedText>();
            var tokens = 0L;
            for (var sample = 0; sample < generation.Samples; sample++)
            {
                var response = await client.GetResponseAsync(Messages(generation), Options(generation, sample), cancellation).ConfigureAwait(false);
                tokens += response.Usage?.TotalTokenCount ?? 0;
                if (response.Text.Length == 0)
                    return Empty(response);
                texts.Add(new(Cut(response.Text, generation.Stop), response.FinishReason == ChatFinishReason.Length) { Tokens = TokensOf(response) });
            }

            return new GeneratedTexts(texts) { Tokens = tokens, Seconds = watch.Elapsed.TotalSeconds };
        }
        catch (EndpointException exception) when (exception.Cause is EndpointFailure.Cancelled)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellation);
        }
        catch (EndpointException exception)
        {
            return new Unanswered("endpoint: " + Words(exception.Cause), exception.Message) { Seconds = watch.Elapsed.TotalSeconds };
        }
        catch (AlidadeException exception)
        {
            return new Unanswered("refused by the model's interface", exception.Message) { Seconds = watch.Elapsed.TotalSeconds };
        }
    }

    private static Unanswered Empty(ChatResponse response) =>
        response.Messages.SelectMany(m => m.Contents).OfType<ErrorContent>().FirstOrDefault() is { } error
            ? new("refused by the provider", error.Message)
            : new("empty answer", response.FinishReason == ChatFinishReason.Length ? "the limit of new tokens was reached before any text" : "the answer holds no text");

    private static List<ChatMessage> Messages(GenerationRequest request) => request.Prompt.Text is { } text
        ? [new(ChatRole.User, text)]
        : [.. request.Prompt.Messages!.Select(m => new ChatMessage(new ChatRole(m.Role), m.Content))];

    private static ChatOptions Options(GenerationRequest request, int sample)
    {
        var options = new ChatOptions
        {
            MaxOutputTokens = request.MaxNewTokens,
            Temperature = (float)request.Temperature,
            TopP = request.TopP < 1 ? (float)request.TopP : null,
            StopSequences = request.Stop.Count > 0 ? [.. request.Stop] : null,
            Seed = request.Temperature > 0 ? (long)request.Seed + sample : null,
        };
        return request.TopLogProbs > 0 ? options.WithLogProbs(request.TopLogProbs) : options;
    }

    // Some servers ignore stop texts, or allow only a few.
    private static string Cut(string text, IReadOnlyList<string> stops)
    {
        var end = stops.Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(text.Length).Min();
        return text[..end];
    }

    private static AnswerToken[] TokensOf(ChatResponse response) => response.LogProbs() is not { } tokens ? []
        : [.. tokens.Select(t => new AnswerToken(t.Text, t.LogProb ?? double.NaN, [.. t.Top.Select(o => new TextToken(o.Text, o.LogProb))]))];

    private static string Words(EndpointFailure cause) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(cause.ToString()).Replace('_', ' ');
}
