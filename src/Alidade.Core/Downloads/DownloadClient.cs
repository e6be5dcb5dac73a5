using System.Net;
using System.Net.Http.Headers;
using Polly;
using Polly.Retry;

namespace Alidade.Core.Downloads;

/// <summary>A failure that may pass: the connection broke, the server is busy. Tried again, after the time that the server asks for if it asks for one.</summary>
public sealed class DownloadTrouble(string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The time that the server asks for; null where it asks for none.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

/// <summary>An answer that trying again does not change.</summary>
public sealed class DownloadRefusal(Uri address, int status, string code) : Exception($"{address.Host} answers {status} {code}")
{
    /// <summary>What was asked for.</summary>
    public Uri Address { get; } = address;

    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>The server's own word in <c>X-Error-Code</c>, such as <c>GatedRepo</c>; empty where it gives none.</summary>
    public string Code { get; } = code;
}

/// <summary>
/// Fetches from one source: redirects followed with the token kept at home, passing failures tried again, files resumed where an earlier try ended, and every
/// content checked before it stands under its name.
/// </summary>
public sealed class DownloadClient : IDisposable
{
    private const int MostRedirects = 8;
    private const int LongestAnswer = 64 << 20;

    /// <summary>A server that asks for a longer wait is not waited for.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private readonly DownloadOptions options;
    private readonly string? token;
    private readonly HttpClient http;
    private readonly ResiliencePipeline retries;

    /// <summary>A client of a source.</summary>
    /// <param name="options">The source.</param>
    /// <param name="token">Sent to the source's own address alone; null for none.</param>
    public DownloadClient(DownloadOptions options, string? token = null)
    {
        this.options = options;
        this.token = token;
        // Redirects are followed by hand: the handler's own would take the token along.
        http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = options.Silence }) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("alidade", typeof(DownloadClient).Assembly.GetName().Version?.ToString(3) ?? "0"));
        retries = options.Tries <= 1 ? ResiliencePipeline.Empty : new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = options.Tries - 1,
            ShouldHandle = new PredicateBuilder().Handle<DownloadTrouble>(),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.FirstWait,
            MaxDelay = TimeSpan.FromMinutes(1),
            DelayGenerator = failed => ValueTask.FromResult((failed.Outcome.Exception as DownloadTrouble)?.RetryAfter),
        }).Build();
    }

    /// <summary>The answer to a request, tried again while the failure may pass.</summary>
    /// <param name="what">What is being fetched, for errors.</param>
    /// <param name="address">The address.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="DownloadRefusal">The server refuses.</exception>
    /// <exception cref="AlidadeException">The server stays broken or silent.</exception>
    public Task<byte[]> AnswerAsync(string what, Uri address, CancellationToken cancellation) => TryAsync(what, stop => OnceAsync(address, stop), cancellation);

    /// <summary>Fetches files, several at once. Each stands under its name when it is whole and checked; what came of the others is kept beside it and gone on with later.</summary>
    /// <param name="what">What is being fetched, for errors.</param>
    /// <param name="files">The files.</param>
    /// <param name="progress">Told the bytes of each file; null for none.</param>
    /// <param name="cancellation">Stops the work; what was fetched is kept.</param>
    /// <exception cref="DownloadRefusal">The server refuses.</exception>
    /// <exception cref="AlidadeException">The server stays broken or silent, a content is not what is listed, or the disk refuses.</exception>
    public async Task FetchAsync(string what, IReadOnlyList<Fetch> files, IProgress<Progress>? progress, CancellationToken cancellation)
    {
        var reporting = new Lock();
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = options.FilesAtOnce, CancellationToken = cancellation }, async (fetch, stop) =>
        {
            var part = fetch.Target + ".incomplete";
            await DownloadAsync(what, new Download(fetch.File, part, fetch.Address, Report), stop).ConfigureAwait(false);
            File.Move(part, fetch.Target, overwrite: true);

            void Report(long bytes)
            {
                lock (reporting)
                    progress?.Report(new(fetch.File.Name, bytes, fetch.File.Bytes));
            }
        }).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task DownloadAsync(string what, Download download, CancellationToken cancellation)
    {
        while (true)
        {
            var there = download.BytesThere;
            try
            {
                await TryAsync(what, stop => download.RunAsync(SendAsync, options.Silence, stop), cancellation).ConfigureAwait(false);
                return;
            }
            catch (AlidadeException exception) when (exception.InnerException is DownloadTrouble && download.BytesThere > there)
            {
                // It made headway, so the tries begin anew.
            }
        }
    }

    private async Task<T> TryAsync<T>(string what, Func<CancellationToken, Task<T>> request, CancellationToken cancellation)
    {
        try
        {
            return await retries.ExecuteAsync(async stop => await request(stop).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        }
        catch (DownloadTrouble trouble)
        {
            throw new AlidadeException($"{what}: {trouble.Message}; tried {options.Tries} times, what was fetched is kept, so run the same command again later", trouble);
        }
    }

    /// <summary>The answer to a request that is made once.</summary>
    /// <exception cref="DownloadTrouble">The server is broken or silent.</exception>
    /// <exception cref="DownloadRefusal">The server refuses.</exception>
    public async Task<byte[]> OnceAsync(Uri address, CancellationToken cancellation)
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

    internal static DownloadTrouble Broken(Uri address, Exception exception) => new(
        exception is OperationCanceledException ? $"{address.Host} does not answer" : $"the connection to {address.Host} broke: {exception.Message.ReplaceLineEndings(" ")}", null, exception);

    /// <summary>What an answer other than the wanted one means.</summary>
    internal static Exception Failure(HttpResponseMessage response)
    {
        var (status, host) = ((int)response.StatusCode, response.RequestMessage!.RequestUri!.Host);
        if (status is not (408 or 425 or 429 or >= 500))
            return new DownloadRefusal(response.RequestMessage.RequestUri, status, response.Headers.TryGetValues("X-Error-Code", out var codes) ? codes.First() : "");
        var wait = response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - DateTimeOffset.UtcNow;
        if (wait > LongestWait)
            return new AlidadeException($"{host} asks to wait {wait.Value.TotalMinutes:f0} minutes before the next request ({status}); run the same command then, what was fetched is kept");
        return new DownloadTrouble($"{host} answers {status} ({(status == 429 ? "too many requests" : "it is busy or broken")})", wait < TimeSpan.Zero ? TimeSpan.Zero : wait);
    }
}
