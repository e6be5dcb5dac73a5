using System.Net;
using System.Net.Http.Headers;
using Alidade.Core;
using Polly;
using Polly.Retry;

namespace Alidade.Models.Hub;

/// <summary>A failure that may pass: the connection broke, the server is busy. Tried again, after the time that the server asks for if it asks for one.</summary>
internal sealed class HubTrouble(string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

/// <summary>Requests to the hub: redirects followed with the token kept at home, passing failures tried again, refusals as one line that says what to do.</summary>
internal sealed class HubClient : IDisposable
{
    private const int MostRedirects = 8;
    private const int LongestAnswer = 64 << 20;

    /// <summary>A server that asks for a longer wait is not waited for.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private readonly HubOptions options;
    private readonly string? token;
    private readonly HttpClient http;
    private readonly ResiliencePipeline retries;

    public HubClient(HubOptions options)
    {
        this.options = options;
        token = options.CheckedToken();
        // Redirects are followed by hand: the handler's own would take the token along.
        http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = options.Silence }) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("alidade", typeof(HubClient).Assembly.GetName().Version?.ToString(3) ?? "0"));
        retries = options.Tries <= 1 ? ResiliencePipeline.Empty : new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = options.Tries - 1,
            ShouldHandle = new PredicateBuilder().Handle<HubTrouble>(),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.FirstWait,
            MaxDelay = TimeSpan.FromMinutes(1),
            DelayGenerator = failed => ValueTask.FromResult((failed.Outcome.Exception as HubTrouble)?.RetryAfter),
        }).Build();
    }

    /// <summary>The files of a repository at a revision.</summary>
    public async Task<HubListing> ListAsync(HubModelId id, CancellationToken cancellation)
    {
        var address = Address($"api/models/{id.Repository}/revision/{Uri.EscapeDataString(id.RevisionOrMain)}?blobs=true");
        return HubListing.Read(await TryAsync(id, stop => AnswerAsync(address, stop), cancellation).ConfigureAwait(false), address.GetLeftPart(UriPartial.Path));
    }

    /// <summary>Fetches a file and checks its content; what an earlier try left under <paramref name="part"/> is gone on with.</summary>
    /// <param name="id">The repository.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="file">The file.</param>
    /// <param name="part">Where it is gathered; complete and checked when this returns.</param>
    /// <param name="progress">Told the bytes that are there.</param>
    /// <param name="cancellation">Stops the work; the part is kept.</param>
    public async Task DownloadAsync(HubModelId id, string commit, HubFile file, string part, Action<long> progress, CancellationToken cancellation)
    {
        var name = string.Join('/', file.Name.Split('/').Select(Uri.EscapeDataString));
        var download = new HubDownload(file, part, Address($"{id.Repository}/resolve/{commit}/{name}"), progress);
        while (true)
        {
            var there = download.BytesThere;
            try
            {
                await TryAsync(id, stop => download.RunAsync(SendAsync, options.Silence, stop), cancellation).ConfigureAwait(false);
                return;
            }
            catch (AlidadeException exception) when (exception.InnerException is HubTrouble && download.BytesThere > there)
            {
                // It made headway, so the tries begin anew.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private Uri Address(string path) => new(options.Endpoint.AbsoluteUri.TrimEnd('/') + "/" + path);

    private async Task<T> TryAsync<T>(HubModelId id, Func<CancellationToken, Task<T>> request, CancellationToken cancellation)
    {
        try
        {
            return await retries.ExecuteAsync(async stop => await request(stop).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        }
        catch (HubTrouble trouble)
        {
            throw new AlidadeException($"{id}: {trouble.Message}; tried {options.Tries} times, what was fetched is kept, so run the same command again later", trouble);
        }
        catch (HubRefusal refusal)
        {
            throw new AlidadeException(await ExplainAsync(id, refusal, cancellation).ConfigureAwait(false), refusal);
        }
    }

    private async Task<byte[]> AnswerAsync(Uri address, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(options.Silence);
        try
        {
            using var response = await SendAsync(address, 0, silence.Token).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
                throw Failure(response);
            await response.Content.LoadIntoBufferAsync(LongestAnswer, silence.Token).ConfigureAwait(false);
            return await response.Content.ReadAsByteArrayAsync(silence.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsBroken(exception, cancellation))
        {
            throw Broken(address, exception);
        }
    }

    /// <summary>Sends a request and follows redirects; the token goes to the hub's own address only.</summary>
    private async Task<HttpResponseMessage> SendAsync(Uri address, long from, CancellationToken cancellation)
    {
        for (var hop = 0; hop <= MostRedirects; hop++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            if (token is not null && address.Scheme == options.Endpoint.Scheme && address.Authority == options.Endpoint.Authority)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            if (from > 0)
                request.Headers.Range = new RangeHeaderValue(from, null);
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
                return response;
            response.Dispose();
            var next = new Uri(address, location);
            if (next.Scheme != Uri.UriSchemeHttps && next.Scheme != address.Scheme)
                throw new AlidadeException($"{address.Host} leads on to {next.Scheme}://{next.Host}, which is not encrypted; nothing is fetched from there");
            address = next;
        }

        throw new AlidadeException($"{options.Endpoint.Host} leads from one address to the next without end");
    }

    /// <summary>True for a failure of the connection, and for the server's silence; not for the user's own cancellation.</summary>
    internal static bool IsBroken(Exception exception, CancellationToken cancellation) =>
        !cancellation.IsCancellationRequested && exception is HttpRequestException or IOException or OperationCanceledException;

    internal static HubTrouble Broken(Uri address, Exception exception) => new(
        exception is OperationCanceledException ? $"{address.Host} does not answer" : $"the connection to {address.Host} broke: {exception.Message.ReplaceLineEndings(" ")}", null, exception);

    /// <summary>What an answer other than the wanted one means.</summary>
    internal static Exception Failure(HttpResponseMessage response)
    {
        var (status, host) = ((int)response.StatusCode, response.RequestMessage!.RequestUri!.Host);
        if (status is not (408 or 425 or 429 or >= 500))
            return new HubRefusal(status, response.Headers.TryGetValues("X-Error-Code", out var codes) ? codes.First() : "", host);
        var wait = response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - DateTimeOffset.UtcNow;
        if (wait > LongestWait)
            return new AlidadeException($"{host} asks to wait {wait.Value.TotalMinutes:f0} minutes before the next request ({status}); run the same command then, what was fetched is kept");
        return new HubTrouble($"{host} answers {status} ({(status == 429 ? "too many requests" : "it is busy or broken")})", wait < TimeSpan.Zero ? TimeSpan.Zero : wait);
    }

    private async Task<string> ExplainAsync(HubModelId id, HubRefusal refusal, CancellationToken cancellation)
    {
        var page = Address(id.Repository);
        if (refusal.Code == "GatedRepo")
            return $"{id.Repository} is open only to those who accept its terms: accept them at {page}, then set HF_TOKEN to a token of that account";
        if (refusal.Code == "RevisionNotFound")
            return $"{id.Repository} has no revision '{id.RevisionOrMain}'{Suggest.Hint(id.RevisionOrMain, await RevisionsAsync(id, cancellation).ConfigureAwait(false))}";
        return refusal.Status switch
        {
            401 when token is null => $"the hub shows {id.Repository} to nobody without a token: it is private or gated, or does not exist; look at {page}, and set HF_TOKEN to a token from {Address("settings/tokens")}{await SimilarAsync(id, cancellation).ConfigureAwait(false)}",
            401 or 403 => $"the hub does not show {id.Repository} to the owner of the token in HF_TOKEN or the token file ({refusal.Status}): ask for access at {page}, or use another token",
            404 => $"there is no model {id.Repository} on {options.Endpoint.Host}{await SimilarAsync(id, cancellation).ConfigureAwait(false)}",
            _ => $"{refusal.Host} refuses the request for {id} ({refusal.Status})",
        };
    }

    private async Task<string[]> RevisionsAsync(HubModelId id, CancellationToken cancellation) =>
        await NamesAsync($"api/models/{id.Repository}/refs", root => root.EnumerateObject().SelectMany(kind => kind.Value.EnumerateArray()).Select(r => r.GetProperty("name").GetString()!), cancellation)
            .ConfigureAwait(false);

    private async Task<string> SimilarAsync(HubModelId id, CancellationToken cancellation)
    {
        var names = await NamesAsync($"api/models?limit=20&search={Uri.EscapeDataString(id.Name)}", root => root.EnumerateArray().Select(m => m.GetProperty("id").GetString()!), cancellation).ConfigureAwait(false);
        return Suggest.Nearest(id.Repository, names) is { } nearest && nearest != id.Repository ? $" (did you mean '{nearest}'?)" : "";
    }

    // A hint is worth one request and no error.
    private async Task<string[]> NamesAsync(string path, Func<System.Text.Json.JsonElement, IEnumerable<string>> names, CancellationToken cancellation)
    {
        try
        {
            using var json = System.Text.Json.JsonDocument.Parse(await AnswerAsync(Address(path), cancellation).ConfigureAwait(false));
            return [.. names(json.RootElement)];
        }
        catch (Exception exception) when (exception is HubTrouble or HubRefusal or AlidadeException or System.Text.Json.JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return [];
        }
    }
}

/// <summary>An answer that trying again does not change.</summary>
internal sealed class HubRefusal(int status, string code, string host) : Exception($"{host} answers {status} {code}")
{
    public int Status { get; } = status;

    /// <summary>The hub's own word, such as <c>GatedRepo</c> or <c>RevisionNotFound</c>; empty where it gives none.</summary>
    public string Code { get; } = code;

    public string Host { get; } = host;
}
