using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Alidade.Core;
using Alidade.Models.Generation.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Alidade.Models.Endpoints.Server;

/// <summary>
/// Serves a model in OpenAI's protocol: <c>POST /v1/chat/completions</c>, <c>/v1/completions</c>, <c>/v1/embeddings</c>, <c>GET /v1/models</c>, <c>/health</c>.
/// Requests that come at the same time are decoded together.
/// </summary>
/// <remarks>
/// While it runs, the model belongs to the server's engine. A parameter that is not supported is refused by name; control tokens that a chat's message spells are
/// plain text. Nothing of a request is kept or logged but its numbers.
/// </remarks>
public sealed class ModelServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly GenerationEngine engine;
    private readonly TimeSpan stopTimeout;
    private bool stopped;

    private ModelServer(WebApplication app, GenerationEngine engine, string modelName, TimeSpan stopTimeout) =>
        (this.app, this.engine, ModelName, this.stopTimeout) = (app, engine, modelName, stopTimeout);

    /// <summary>The name under which the model is served.</summary>
    public string ModelName { get; }

    /// <summary>The base URL for clients, with the port that was taken.</summary>
    public Uri Url => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/v1");

    /// <summary>What the engine is doing.</summary>
    public GenerationEngineStatistics Statistics => engine.Statistics;

    /// <summary>Starts a server.</summary>
    /// <param name="model">The model, with the adapter in use; it stays the caller's.</param>
    /// <param name="options">Where and how.</param>
    /// <param name="embeddings">What answers <c>/v1/embeddings</c>; null when nothing does. It stays the caller's.</param>
    /// <param name="cancellation">Gives up starting.</param>
    /// <exception cref="AlidadeException">The address is in use or cannot be listened at, the model has no tokenizer, the key's variable is not set, or an option is out of range.</exception>
    public static async Task<ModelServer> StartAsync(
        CausalLM model, ServerOptions options, IEmbeddingGenerator<string, Embedding<float>>? embeddings = null, CancellationToken cancellation = default)
    {
        options.Validate();
        _ = model.Tokenizer;
        var name = options.ModelName ?? NameOf(model.Name);
        var address = options.Address;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "alidade" });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, OwnLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Listen(address, options.Port);
        });
        var app = builder.Build();
        var engine = new GenerationEngine(model, options.Engine);
        try
        {
            var gate = new RequestGate(options, ServerKey.Read(options.KeyVariable));
            app.Use(gate.RunAsync);
            new ModelRoutes(model, engine, name, embeddings, options).AddTo(app);
            await app.StartAsync(cancellation).ConfigureAwait(false);
            return new(app, engine, name, options.StopTimeout);
        }
        catch (Exception exception)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            await engine.DisposeAsync().ConfigureAwait(false);
            if (exception is IOException or SocketException)
                throw new AlidadeException(NoListening(exception, options), exception);
            throw;
        }
    }

    /// <summary>Checks the options, and that the address can be listened at now: worth asking before a model is loaded for a long time.</summary>
    /// <exception cref="AlidadeException">As <see cref="StartAsync"/>.</exception>
    public static void Check(ServerOptions options)
    {
        options.Validate();
        using var listener = new TcpListener(options.Address, options.Port);
        try
        {
            listener.Start();
        }
        catch (SocketException exception)
        {
            throw new AlidadeException(NoListening(exception, options), exception);
        }
    }

    /// <summary>Takes no more requests, gives those under way <see cref="ServerOptions.StopTimeout"/> to finish, and cuts the rest.</summary>
    public async ValueTask DisposeAsync()
    {
        if (stopped)
            return;
        stopped = true;
        using (var limit = new CancellationTokenSource(stopTimeout))
            await app.StopAsync(limit.Token).ConfigureAwait(false);
        await engine.DisposeAsync().ConfigureAwait(false);
        await app.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The last part of a path, without the ending of a model file.</summary>
    internal static string NameOf(string path)
    {
        var last = Path.GetFileName(path.TrimEnd('/', '\\'));
        return last.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? last[..^5] : last.Length > 0 ? last : "model";
    }

    private static string NoListening(Exception exception, ServerOptions options)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
                return string.Create(CultureInfo.InvariantCulture, $"port {options.Port} on {options.Host} is in use by another program; give another one, or 0 for a free one");
            if (inner is SocketException { SocketErrorCode: SocketError.AccessDenied })
                return string.Create(CultureInfo.InvariantCulture, $"port {options.Port} on {options.Host} is not allowed to this user; take one above 1023");
            if (inner is SocketException { SocketErrorCode: SocketError.AddressNotAvailable })
                return $"'{options.Host}' is not an address of this machine";
        }

        return $"cannot listen at {options.Host}:{options.Port.ToString(CultureInfo.InvariantCulture)}: {exception.Message}";
    }

    // The program that uses the server decides about signals.
    private sealed class OwnLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
