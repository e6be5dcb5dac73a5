using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Alidade.Tests.Core;

/// <summary>A server on loopback: contents by path, in whole or from a byte on, and whatever trouble a test asks for.</summary>
internal class LoopbackServer : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly int port = FreePort();

    public LoopbackServer()
    {
        // Two names of one machine: as different to a client as two machines.
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Prefixes.Add($"http://localhost:{port}/");
        listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public sealed record Request(string Host, string Path, string? Authorization, string? Range);

    public ConcurrentQueue<Request> Requests { get; } = new();

    /// <summary>What lies at a path; null for nothing.</summary>
    public Func<string, byte[]?> Content { get; init; } = _ => null;

    /// <summary>Answers a request in the server's stead; true when it did.</summary>
    public Func<HttpListenerContext, bool> Trouble { get; set; } = _ => false;

    public Uri Address => new($"http://127.0.0.1:{port}");

    /// <summary>The same server under another name.</summary>
    public string OtherHost => $"http://localhost:{port}";

    public void Dispose() => listener.Close();

    /// <summary>Answers with some of the bytes and breaks the connection.</summary>
    public static void Cut(HttpListenerContext context, byte[] content, int after)
    {
        context.Response.ContentLength64 = content.Length;
        context.Response.OutputStream.Write(content, 0, after);
        context.Response.OutputStream.Flush();
        // What was sent must arrive before the connection is gone.
        Thread.Sleep(50);
        context.Response.Abort();
    }

    public static bool Answer(HttpListenerContext context, int status, string text = "", params (string Name, string Value)[] headers)
    {
        context.Response.StatusCode = status;
        foreach (var (name, value) in headers)
            context.Response.AddHeader(name, value);
        Send(context, Encoding.UTF8.GetBytes(text));
        return true;
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = Task.Run(() => Serve(context));
        }
    }

    private void Serve(HttpListenerContext context)
    {
        var request = context.Request;
        Requests.Enqueue(new(request.UserHostName.Split(':')[0], request.RawUrl!, request.Headers["Authorization"], request.Headers["Range"]));
        try
        {
            var path = request.Url!.AbsolutePath;
            if (Trouble(context))
                return;
            if (Content(path) is { } content)
                SendRange(context, content);
            else
                Answer(context, 404);
        }
        catch (Exception exception) when (exception is HttpListenerException or IOException or ObjectDisposedException)
        {
            // The client went away.
        }
    }

    private static void SendRange(HttpListenerContext context, byte[] content)
    {
        if (context.Request.Headers["Range"] is { } range)
        {
            var from = int.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
            context.Response.StatusCode = 206;
            context.Response.AddHeader("Content-Range", $"bytes {from}-{content.Length - 1}/{content.Length}");
            content = content[from..];
        }

        Send(context, content);
    }

    private static void Send(HttpListenerContext context, byte[] content)
    {
        context.Response.ContentLength64 = content.Length;
        context.Response.OutputStream.Write(content);
        context.Response.Close();
    }
}
