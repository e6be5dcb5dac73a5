using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Alidade.Tests.Models.Endpoints;

/// <summary>A server on loopback that answers each request as the next step of a script says; the last step repeats.</summary>
internal sealed class FaultyEndpoint : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<Func<HttpContext, Task>> script;

    private FaultyEndpoint(Func<HttpContext, Task>[] steps)
    {
        script = new(steps);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            Bodies.Enqueue(await reader.ReadToEndAsync());
            Authorizations.Enqueue(context.Request.Headers.Authorization.ToString());
            Func<HttpContext, Task>? step;
            if (script.Count > 1)
                script.TryDequeue(out step);
            else
                script.TryPeek(out step);
            await step!(context);
        });
    }

    public ConcurrentQueue<string> Bodies { get; } = [];

    public ConcurrentQueue<string> Authorizations { get; } = [];

    public Uri Url => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/v1");

    public static async Task<FaultyEndpoint> Start(params Func<HttpContext, Task>[] steps)
    {
        var endpoint = new FaultyEndpoint(steps);
        await endpoint.app.StartAsync();
        return endpoint;
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await app.StopAsync(limit.Token);
        await app.DisposeAsync();
    }

    public static Func<HttpContext, Task> Answer(string text, string? usage = """{"prompt_tokens": 10, "completion_tokens": 5}""", string? logProbs = null) => Json(
        $$"""{"id": "a", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "{{text}}"}, "finish_reason": "stop", "logprobs": {{logProbs ?? "null"}}}], "usage": {{usage ?? "null"}}}""");

    public static Func<HttpContext, Task> Json(string body, int status = 200, string type = "application/json") => async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.WriteAsync(body);
    };

    public static Func<HttpContext, Task> Status(int status, params (string Name, string Value)[] headers) => async context =>
    {
        context.Response.StatusCode = status;
        foreach (var (name, value) in headers)
            context.Response.Headers[name] = value;
        await context.Response.WriteAsync("""{"error": {"message": "not now", "type": "server_error"}}""");
    };

    /// <summary>Answers nothing until the client has gone.</summary>
    public static Func<HttpContext, Task> Hang => async context =>
    {
        var gone = new TaskCompletionSource();
        context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
    };

    /// <summary>Cuts the connection without a word.</summary>
    public static Func<HttpContext, Task> Reset => context =>
    {
        context.Abort();
        return Task.CompletedTask;
    };

    /// <summary>Promises more bytes than it sends; the server then closes the connection.</summary>
    public static Func<HttpContext, Task> CutBody(string body) => async context =>
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length + 100;
        await context.Response.WriteAsync(body);
    };

    public static string Delta(string text) => $$"""data: {"id": "a", "model": "m", "choices": [{"index": 0, "delta": {"content": "{{text}}"}, "finish_reason": null}]}""" + "\n\n";

    public const string Finish = """data: {"id": "a", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}""" + "\n\n";

    public const string Usage = """data: {"id": "a", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}""" + "\n\n";

    public const string Done = "data: [DONE]\n\n";

    /// <summary>Sends events one by one, then ends the body properly, or cuts it.</summary>
    public static Func<HttpContext, Task> Events(bool cut, params string[] events) => async context =>
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var e in events)
        {
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(e));
            await context.Response.Body.FlushAsync();
        }

        if (!cut)
            return;
        // Time for what was flushed to arrive: a reset may overtake it.
        await Task.Delay(100);
        context.Abort();
    };
}
