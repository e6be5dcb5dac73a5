using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Alidade.Models.Hub;

namespace Alidade.Tests.Models.Hub;

/// <summary>A hub on loopback: one repository, its listing, its files with ranges, and whatever trouble a test asks for.</summary>
internal sealed class FakeHub : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private readonly HttpListener listener = new();
    private readonly int port = FreePort();

    public FakeHub()
    {
        // Two names of one machine: as different to a client as two machines.
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Prefixes.Add($"http://localhost:{port}/");
        listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public sealed record Request(string Host, string Path, string? Authorization, string? Range);

    public string Repository { get; init; } = "org/name";

    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<Request> Requests { get; } = new();

    /// <summary>Answers a request in the hub's stead; true when it did.</summary>
    public Func<HttpListenerContext, bool> Trouble { get; set; } = _ => false;

    /// <summary>Where the redirected downloads lie.</summary>
    public string OtherHost => $"http://localhost:{port}";

    public HubOptions Options(string cache, string? token = null) => new()
    {
        Endpoint = new($"http://127.0.0.1:{port}"),
        CacheFolder = cache,
        Token = token,
        Tries = 3,
        FirstWait = TimeSpan.FromMilliseconds(1),
        Silence = TimeSpan.FromSeconds(10),
    };

    public static string HashOf(string name, byte[] content) => IsLarge(name)
        ? Convert.ToHexStringLower(SHA256.HashData(content))
        : Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));

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

    private static bool IsLarge(string name) => Path.GetExtension(name) is ".safetensors" or ".gguf" or ".bin";

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
            if (path.StartsWith($"/api/models/{Repository}/revision/", StringComparison.Ordinal))
                Answer(context, 200, Listing());
            else if (Content(path) is { } content)
                SendRange(context, content);
            else
                Answer(context, 404);
        }
        catch (Exception exception) when (exception is HttpListenerException or IOException or ObjectDisposedException)
        {
            // The client went away.
        }
    }

    private byte[]? Content(string path)
    {
        foreach (var prefix in new[] { $"/{Repository}/resolve/{Commit}/", "/cdn/" })
            if (path.StartsWith(prefix, StringComparison.Ordinal))
                return Files.GetValueOrDefault(path[prefix.Length..]);
        return null;
    }

    private string Listing() => JsonSerializer.Serialize(new
    {
        id = Repository,
        sha = Commit,
        siblings = Files.Select(f => IsLarge(f.Key)
            ? (object)new { rfilename = f.Key, size = f.Value.Length, blobId = new string('a', 40), lfs = new { sha256 = HashOf(f.Key, f.Value), size = f.Value.Length, pointerSize = 134 } }
            : new { rfilename = f.Key, size = f.Value.Length, blobId = HashOf(f.Key, f.Value) }),
    });

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
