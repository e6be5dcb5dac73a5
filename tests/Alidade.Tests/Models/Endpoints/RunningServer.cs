using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Models;
using Alidade.Models.Endpoints.Server;
using Microsoft.Extensions.AI;

namespace Alidade.Tests.Models.Endpoints;

/// <summary>A server over a tiny chat model of random weights, on a free port, with a plain HTTP client beside it.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private RunningServer(CausalLM model, ModelServer server, List<string> log)
    {
        (Model, Server, Log) = (model, server, log);
        Http = new() { BaseAddress = new(server.Url + "/"), Timeout = TimeSpan.FromSeconds(60) };
    }

    public CausalLM Model { get; }

    public ModelServer Server { get; }

    public HttpClient Http { get; }

    public List<string> Log { get; }

    public static async Task<RunningServer> Start(Func<ServerOptions, ServerOptions>? change = null, IEmbeddingGenerator<string, Embedding<float>>? embeddings = null)
    {
        var model = TinyChat.Create(context: 512);
        var log = new List<string>();
        var options = new ServerOptions { Port = 0, ModelName = "tiny", StopTimeout = TimeSpan.FromSeconds(1), Log = line => { lock (log) log.Add(line); } };
        return new(model, await ModelServer.StartAsync(model, change is null ? options : change(options), embeddings, TestContext.Current.CancellationToken), log);
    }

    public async Task<(HttpStatusCode Status, JsonNode Body)> Post(string route, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync(route, content, TestContext.Current.CancellationToken);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }

    /// <summary>The events of a stream; the closing mark is checked and left out.</summary>
    public async Task<List<JsonNode>> Stream(string route, string body, CancellationToken cancellation, Func<int, Task>? between = null)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = content };
        using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        var events = new List<JsonNode>();
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            if (line.Length == 0)
                continue;
            if (line == "data: [DONE]")
                return events;
            events.Add(JsonNode.Parse(line["data: ".Length..])!);
            if (between is not null)
                await between(events.Count);
            // A reader whose buffer holds the rest of a fast answer does not ask.
            cancellation.ThrowIfCancellationRequested();
        }

        throw new EndOfStreamException("the stream ended without its closing mark");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        Model.Dispose();
    }
}
