using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Alidade.Core;
using Microsoft.AspNetCore.Http;

namespace Alidade.Models.Endpoints.Server;

/// <summary>What stands around every request: who may ask, how many at once, every failure as an error object, one line in the log.</summary>
internal sealed class RequestGate(ServerOptions options, ServerKey key)
{
    private readonly bool loopback = IPAddress.IsLoopback(options.Address);
    private int underWay;

    /// <summary>Runs one request.</summary>
    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        var started = TimeProvider.System.GetTimestamp();
        var note = new RequestNote();
        context.Features.Set(note);
        var entered = Interlocked.Increment(ref underWay);
        try
        {
            Check(context);
            if (entered > options.MaxRequests && HttpMethods.IsPost(context.Request.Method))
                throw ApiException.Busy(FormattableString.Invariant($"{options.MaxRequests} requests are under way already; try again later"));
            await next(context).ConfigureAwait(false);
            if (!context.Response.HasStarted && context.Response.StatusCode is 404 or 405)
                throw context.Response.StatusCode == 405
                    ? new ApiException(405, $"this address does not take {context.Request.Method}")
                    : new ApiException(404, "there is nothing at this address; known are /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/models and /health");
        }
        catch (StreamFailedException exception)
        {
            note.Outcome = "failed: " + exception.InnerException!.GetType().Name;
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            note.Outcome = "the client left";
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, new(exception.StatusCode, exception.StatusCode == 413
                ? FormattableString.Invariant($"the body is larger than {options.MaxBodyBytes} bytes") : exception.Message, code: exception.StatusCode == 413 ? "body_too_large" : null)).ConfigureAwait(false);
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            var error = ApiException.Of(exception);
            if (error.Status >= 500)
                note.Outcome = "failed: " + exception.GetType().Name;
            await AnswerAsync(context, error).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
            options.Log?.Invoke(note.Line(context, TimeProvider.System.GetElapsedTime(started)));
        }
    }

    private static async Task AnswerAsync(HttpContext context, ApiException error)
    {
        if (error.Status == 429)
            context.Response.Headers.RetryAfter = "1";
        await Answering.WriteAsync(context, error.Status, error.ToJson()).ConfigureAwait(false);
    }

    private void Check(HttpContext context)
    {
        // A page from elsewhere whose name was made to point here would otherwise pass for this machine.
        if (loopback && !(string.Equals(context.Request.Host.Host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(context.Request.Host.Host.Trim('[', ']'), out var host) && IPAddress.IsLoopback(host))))
            throw new ApiException(403, "this server answers on loopback alone; ask for localhost or 127.0.0.1");
        if (!context.Request.Path.Equals("/health", StringComparison.Ordinal) && !key.Fits(context.Request.Headers.Authorization.ToString()))
            throw new ApiException(401, "the key is missing or wrong; send it as 'Authorization: Bearer KEY'", code: "invalid_api_key");
        // A form of a foreign page cannot send this type without asking first.
        if (HttpMethods.IsPost(context.Request.Method) && !context.Request.HasJsonContentType())
            throw new ApiException(415, "the body must be JSON with the header 'Content-Type: application/json'");
    }
}

/// <summary>The key that requests must bring. It stands in no text.</summary>
internal sealed class ServerKey
{
    private readonly byte[]? hash;

    private ServerKey(byte[]? hash) => this.hash = hash;

    /// <summary>Reads the key from the environment.</summary>
    /// <exception cref="AlidadeException">The variable is not set.</exception>
    public static ServerKey Read(string? variable)
    {
        if (variable is null)
            return new(null);
        var key = Environment.GetEnvironmentVariable(variable)?.Trim();
        return string.IsNullOrEmpty(key)
            ? throw new AlidadeException($"the environment variable '{variable}', which should hold the key that requests must bring, is not set")
            : new(Hash("Bearer " + key));
    }

    /// <summary>True when a header brings the key; takes as long for every wrong one.</summary>
    public bool Fits(string authorization) => hash is null || CryptographicOperations.FixedTimeEquals(hash, Hash(authorization));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

/// <summary>What the log tells of a request.</summary>
internal sealed class RequestNote
{
    /// <summary>The route, as the server names it; nothing that the client wrote.</summary>
    public string Route { get; set; } = "(unknown address)";

    public int PromptTokens { get; set; }

    public Func<int>? GeneratedTokens { get; set; }

    public string? Outcome { get; set; }

    public string Line(HttpContext context, TimeSpan took) => string.Create(
        CultureInfo.InvariantCulture,
        $"{DateTimeOffset.Now:HH:mm:ss} {Route} {context.Response.StatusCode} {PromptTokens} tokens in, {GeneratedTokens?.Invoke() ?? 0} out, {took.TotalSeconds:f2} s{(Outcome is null ? "" : $" ({Outcome})")}");
}
