using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Alidade.Models.Endpoints;

/// <summary>A request of the protocol.</summary>
/// <param name="Path">Below the base URL, such as <c>chat/completions</c>.</param>
/// <param name="Body">What is sent; null for a GET.</param>
/// <param name="ExpectedTokens">Tokens in and out that it may use, for the limit per minute.</param>
internal sealed record EndpointRequest(string Path, JsonObject? Body, long ExpectedTokens);

/// <summary>JSON over HTTP: sends, checks that the answer is what it should be, and turns everything else into an <see cref="EndpointException"/> with its cause.</summary>
internal sealed class EndpointTransport : IDisposable
{
    private const int ShownCharacters = 200;

    private readonly EndpointOptions options;
    private readonly TimeProvider time;
    private readonly Func<double> draw;
    private readonly EndpointKey key;
    private readonly EndpointPace pace;
    private readonly EndpointLedger ledger;
    private readonly HttpClient http;

    public EndpointTransport(EndpointOptions options, TimeProvider time, Func<double> draw)
    {
        options.Validate();
        (this.options, this.time, this.draw) = (options, time, draw);
        key = EndpointKey.Read(options.KeyVariable, options.BaseUrl, options.KeyHeader);
        pace = new(options, time);
        ledger = new(options);
        // A redirect could carry the key or the prompts to another host, and a proxy has nothing to do with this machine.
        http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.All, UseProxy = !options.BaseUrl.IsLoopback })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public EndpointStatistics Statistics => ledger.Snapshot();

    /// <summary>Sends and reads a whole answer.</summary>
    /// <exception cref="EndpointException">No try gave an answer.</exception>
    public async Task<T> SendAsync<T>(EndpointRequest request, Func<JsonElement, T> read, CancellationToken cancellation)
    {
        using var call = Begin(request, cancellation);
        var (value, usage) = await call.RetryAsync(async token =>
        {
            using var response = await ExchangeAsync(request, token).ConfigureAwait(false);
            using var document = Parse(await BodyAsync(response, token).ConfigureAwait(false), response);
            if (Reported(Wire.Error(document.RootElement), "its answer", response) is { } reported)
                throw reported;
            return (read(document.RootElement), Wire.Usage(document.RootElement));
        }).ConfigureAwait(false);
        // What asks the model nothing uses no tokens.
        call.Succeed(request.Body is null ? new EndpointUsage(0, 0) : usage);
        return value;
    }

    /// <summary>Sends and hands on the events of the answer as they come. A try that fails before its first event was read is made again.</summary>
    /// <exception cref="EndpointException">No try gave an event, or the stream broke.</exception>
    public async IAsyncEnumerable<T> StreamAsync<T>(EndpointRequest request, Func<JsonElement, T> read, [EnumeratorCancellation] CancellationToken cancellation)
        where T : class
    {
        using var call = Begin(request, cancellation);
        await using var events = await call.RetryAsync(token => OpenAsync(request, read, token)).ConfigureAwait(false);
        for (var next = events.First; next is { } current; next = await call.ContinueAsync(events.NextAsync).ConfigureAwait(false))
            yield return current;
        call.Succeed(events.Usage);
    }

    public void Dispose()
    {
        http.Dispose();
        pace.Dispose();
    }

    private EndpointCall Begin(EndpointRequest request, CancellationToken cancellation) => new(options, time, pace, ledger, draw, request.ExpectedTokens, cancellation);

    private async Task<HttpResponseMessage> ExchangeAsync(EndpointRequest request, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(request.Body is null ? HttpMethod.Get : HttpMethod.Post, new Uri($"{options.BaseUrl.AbsoluteUri.TrimEnd('/')}/{request.Path}"));
        if (request.Body is { } body)
            message.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body)) { Headers = { ContentType = new("application/json") } };
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        key.Sign(message);
        var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await FailureAsync(response, cancellation).ConfigureAwait(false);
    }

    private async Task<EndpointException> FailureAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        var body = await BodyAsync(response, cancellation).ConfigureAwait(false);
        var (said, code) = Wire.Error(body) ?? (Encoding.UTF8.GetString(body), null);
        if (response.Headers.Location is { } location && status is >= 300 and < 400)
            said = $"it points to {location}; give that address if you trust it";
        var cause = response.StatusCode switch
        {
            HttpStatusCode.RequestTimeout => EndpointFailure.Timeout,
            HttpStatusCode.TooManyRequests => EndpointFailure.RateLimited,
            HttpStatusCode.Conflict or >= HttpStatusCode.InternalServerError => EndpointFailure.ServerError,
            _ => EndpointFailure.Refused,
        };
        return new(cause, $"{options.BaseUrl} answered {status} ({response.ReasonPhrase}): {Shown(said)}", status, RetryDelay.Asked(response.Headers, time.GetUtcNow()), final: code == "insufficient_quota");
    }

    // An error that comes with the status of a success.
    private EndpointException? Reported((string Message, string? Code)? error, string place, HttpResponseMessage response) => error is var (said, code)
        ? new(EndpointFailure.ServerError, $"{options.BaseUrl} reports in {place}: {Shown(said)}", (int)response.StatusCode, final: code == "insufficient_quota")
        : null;

    private async Task<byte[]> BodyAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        using var stream = new BoundedStream(await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false), options.MaxResponseBytes);
        using var buffer = new MemoryStream();
        await stream.CopyToAsync(buffer, cancellation).ConfigureAwait(false);
        return buffer.ToArray();
    }

    private JsonDocument Parse(byte[] body, HttpResponseMessage response)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException exception)
        {
            if (Wire.IsBeginning(body))
                throw new EndpointException(EndpointFailure.Truncated, $"the answer of {options.BaseUrl} ended early, after {body.Length} bytes", (int)response.StatusCode, inner: exception);
            throw new EndpointException(
                EndpointFailure.InvalidAnswer,
                $"{options.BaseUrl} answered {response.Content.Headers.ContentType?.MediaType ?? "something"} that is not JSON: '{Shown(Encoding.UTF8.GetString(body))}'",
                (int)response.StatusCode);
        }
    }

    private async Task<Events<T>> OpenAsync<T>(EndpointRequest request, Func<JsonElement, T> read, CancellationToken cancellation)
        where T : class
    {
        var response = await ExchangeAsync(request, cancellation).ConfigureAwait(false);
        try
        {
            if (response.Content.Headers.ContentType?.MediaType is { } type && (type.Contains("json", StringComparison.OrdinalIgnoreCase) || type.Contains("html", StringComparison.OrdinalIgnoreCase)))
            {
                var body = await BodyAsync(response, cancellation).ConfigureAwait(false);
                throw Reported(Wire.Error(body), "the place of a stream", response) ?? new EndpointException(
                    EndpointFailure.InvalidAnswer, $"{options.BaseUrl} answered {type} where a stream of events was asked for: '{Shown(Encoding.UTF8.GetString(body))}'");
            }

            var bounded = new BoundedStream(await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false), options.MaxResponseBytes);
            var events = new Events<T>(this, response, bounded, read, SseParser.Create(bounded, (_, data) => Encoding.UTF8.GetString(data)).EnumerateAsync(cancellation).GetAsyncEnumerator(cancellation));
            events.First = await events.NextAsync().ConfigureAwait(false)
                ?? throw new EndpointException(EndpointFailure.EmptyAnswer, $"the stream of {options.BaseUrl} holds no event");
            return events;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private string Shown(string text)
    {
        var line = string.Join(' ', key.Redact(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= ShownCharacters ? line : line[..ShownCharacters] + "…";
    }

    /// <summary>The events of one answer.</summary>
    private sealed class Events<T>(EndpointTransport owner, HttpResponseMessage response, BoundedStream bytes, Func<JsonElement, T> read, IAsyncEnumerator<SseItem<string>> items) : IAsyncDisposable
        where T : class
    {
        // A server that leaves out the closing mark has still said that the choice is complete.
        private bool finished;

        public T? First { get; set; }

        /// <summary>The token counts of the last event that had some.</summary>
        public EndpointUsage? Usage { get; private set; }

        /// <summary>The next event; null at the proper end.</summary>
        public async Task<T?> NextAsync()
        {
            bytes.Renew();
            if (!await items.MoveNextAsync().ConfigureAwait(false))
                return finished ? null : throw new EndpointException(EndpointFailure.Truncated, $"the stream of {owner.options.BaseUrl} ended before its closing mark");
            if (items.Current.Data.Trim() == "[DONE]")
                return null;
            using var document = owner.Parse(Encoding.UTF8.GetBytes(items.Current.Data), response);
            if (owner.Reported(Wire.Error(document.RootElement), "its stream", response) is { } reported)
                throw reported;
            finished |= Wire.IsFinished(document.RootElement);
            Usage = Wire.Usage(document.RootElement) ?? Usage;
            return read(document.RootElement.Clone());
        }

        public async ValueTask DisposeAsync()
        {
            await items.DisposeAsync().ConfigureAwait(false);
            await bytes.DisposeAsync().ConfigureAwait(false);
            response.Dispose();
        }
    }
}
