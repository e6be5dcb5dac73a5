using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;

namespace Alidade.Evaluation.Engine;

/// <summary>
/// Answers on disk, by a key of everything that they depend on: the model's identity and the request. A line holds a batch, and counts only when it is whole, so a kill
/// costs at most the batch under way. Members may be called from several threads.
/// </summary>
public sealed class ResponseStore : IDisposable
{
    private readonly Dictionary<string, Response> responses = new(StringComparer.Ordinal);
    private readonly Lock access = new();
    private readonly LineLog log;

    /// <summary>Opens a store, made when absent; a torn last line is cut.</summary>
    /// <exception cref="AlidadeException">The file cannot be written, another process writes it, or a line is not one of a store.</exception>
    public ResponseStore(string path)
    {
        log = new(path);
        try
        {
            foreach (var (number, line) in LineLog.Read(path))
                foreach (var (key, response) in Parse(path, number, line))
                    responses[key] = response;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Stored answers.</summary>
    public int Count
    {
        get
        {
            lock (access)
                return responses.Count;
        }
    }

    /// <summary>The key of a request to a model: SHA-256 over both.</summary>
    public static string KeyOf(IEvaluatedModel model, Request request) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(model.Identity + "\n" + request.Describe().ToJsonString(Json.Line))));

    /// <summary>The stored answer; null when there is none.</summary>
    public Response? Find(string key)
    {
        lock (access)
            return responses.GetValueOrDefault(key);
    }

    /// <summary>Stores the answers of a batch in one piece; what is <see cref="Unanswered"/> is left out.</summary>
    /// <exception cref="AlidadeException">The disk is full.</exception>
    public void Add(IEnumerable<(string Key, Response Response)> batch)
    {
        var answered = batch.Where(b => b.Response is not Unanswered).ToDictionary(b => b.Key, b => b.Response, StringComparer.Ordinal);
        if (answered.Count == 0)
            return;
        log.Append(JsonSerializer.Serialize(answered, Json.Line));
        lock (access)
            foreach (var (key, response) in answered)
                responses[key] = response;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => log.Dispose();

    private static Dictionary<string, Response> Parse(string path, int number, string line)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, Response>>(line, Json.Line) ?? [];
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            throw new AlidadeException($"{path}:{number}: is not a line of a response store ({exception.Message.Split(" Path:", 2)[0].ReplaceLineEndings(" ")}); delete the file to begin it anew", exception);
        }
    }
}
