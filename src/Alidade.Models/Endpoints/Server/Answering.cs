using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Alidade.Core.Files;
using Alidade.Models.Generation;
using Alidade.Models.Generation.Engine;
using Microsoft.AspNetCore.Http;

namespace Alidade.Models.Endpoints.Server;

/// <summary>One answer to be generated.</summary>
/// <param name="Prompt">What the model reads.</param>
/// <param name="Options">How; null when nothing is generated.</param>
internal sealed record AnswerRequest(int[] Prompt, GenerationOptions? Options);

/// <summary>Generates the answers of one request side by side and writes them, whole or as a stream of events.</summary>
/// <param name="engine">What generates.</param>
/// <param name="model">The model's name.</param>
/// <param name="form">The shape of the answers.</param>
/// <param name="created">When the request came.</param>
internal sealed class Answering(GenerationEngine engine, string model, IAnswerForm form, DateTimeOffset created)
{
    private static readonly JsonWriterOptions Writer = new() { Encoder = Json.Line.Encoder };

    private readonly string id = form.IdPrefix + Guid.NewGuid().ToString("N");

    /// <summary>Tokens generated so far.</summary>
    public int Generated { get; private set; }

    /// <summary>Writes the whole answer when it is there.</summary>
    public async Task WriteWholeAsync(HttpContext context, IReadOnlyList<AnswerRequest> answers, int promptTokens)
    {
        var tokens = answers.Select(_ => new List<TokenLogProb>()).ToArray();
        var results = new Generated?[answers.Count];
        await foreach (var (index, chunk) in ChunksAsync(answers, context.RequestAborted).ConfigureAwait(false))
        {
            tokens[index].AddRange(chunk.Tokens);
            results[index] = chunk.Result;
        }

        var whole = Head(form.Whole);
        whole["choices"] = new JsonArray([.. results.Select((r, i) => (JsonNode)form.Choice(i, r?.Text ?? "", tokens[i], Reason(r)))]);
        whole["usage"] = Usage(promptTokens);
        await WriteAsync(context, 200, whole).ConfigureAwait(false);
    }

    /// <summary>Writes events as the answers come. A failure before the first event is thrown; a later one ends the stream with an error event and no closing mark.</summary>
    public async Task StreamAsync(HttpContext context, IReadOnlyList<AnswerRequest> answers, int promptTokens, bool includeUsage)
    {
        var begun = false;
        async Task BeginAsync()
        {
            begun = true;
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-cache";
            for (var i = 0; i < answers.Count; i++)
                await EventAsync(form.Begin(i)).ConfigureAwait(false);
        }

        async Task EventAsync(JsonObject? choice)
        {
            if (choice is null)
                return;
            var piece = Head(form.Piece);
            piece["choices"] = new JsonArray(choice);
            if (includeUsage)
                piece["usage"] = null;
            await WriteEventAsync(context, piece.ToJsonString(Json.Line)).ConfigureAwait(false);
        }

        try
        {
            await foreach (var (index, chunk) in ChunksAsync(answers, context.RequestAborted).ConfigureAwait(false))
            {
                if (!begun)
                    await BeginAsync().ConfigureAwait(false);
                await EventAsync(form.More(index, chunk)).ConfigureAwait(false);
                if (chunk.Result is { } result)
                    await EventAsync(form.End(index, Reason(result))).ConfigureAwait(false);
            }

            if (!begun)
                await BeginAsync().ConfigureAwait(false);
            for (var i = 0; i < answers.Count; i++)
                if (answers[i].Options is null)
                    await EventAsync(form.End(i, Reason(null))).ConfigureAwait(false);
            if (includeUsage)
            {
                var last = Head(form.Piece);
                last["choices"] = new JsonArray();
                last["usage"] = Usage(promptTokens);
                await WriteEventAsync(context, last.ToJsonString(Json.Line)).ConfigureAwait(false);
            }

            await WriteEventAsync(context, "[DONE]").ConfigureAwait(false);
        }
        catch (Exception exception) when (begun && !context.RequestAborted.IsCancellationRequested)
        {
            await WriteEventAsync(context, ApiException.Of(exception).ToJson().ToJsonString(Json.Line)).ConfigureAwait(false);
            throw new StreamFailedException(exception);
        }
    }

    /// <summary>Writes JSON.</summary>
    public static async Task WriteAsync(HttpContext context, int status, JsonObject body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        using (var writer = new Utf8JsonWriter(context.Response.BodyWriter, Writer))
            body.WriteTo(writer);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task WriteEventAsync(HttpContext context, string data)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"data: {data}\n\n"), context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private static string Reason(Generated? result) => result is null || result.Truncated ? "length" : "stop";

    private JsonObject Head(string name) => new() { ["id"] = id, ["object"] = name, ["created"] = created.ToUnixTimeSeconds(), ["model"] = model };

    private JsonObject Usage(int promptTokens) => new() { ["prompt_tokens"] = promptTokens, ["completion_tokens"] = Generated, ["total_tokens"] = promptTokens + Generated };

    // The chunks of all answers as they come. The first failure ends them all; leaving early cancels what still runs.
    private async IAsyncEnumerable<(int Index, GenerationChunk Chunk)> ChunksAsync(IReadOnlyList<AnswerRequest> answers, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Bounded, so that a slow reader holds the generation's chunks back and not a pile of them.
        var channel = Channel.CreateBounded<(int, GenerationChunk)>(Math.Max(1, answers.Count));
        async Task PumpAsync(int index, AnswerRequest answer)
        {
            try
            {
                await foreach (var chunk in engine.StreamAsync(answer.Prompt, answer.Options!, stop.Token).ConfigureAwait(false))
                    await channel.Writer.WriteAsync((index, chunk), stop.Token).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                channel.Writer.TryComplete(exception);
            }
        }

        var pumps = Task.WhenAll(answers.Select((a, i) => a.Options is null ? Task.CompletedTask : Task.Run(() => PumpAsync(i, a), CancellationToken.None)));
        var closing = pumps.ContinueWith(_ => channel.Writer.TryComplete(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        try
        {
            await foreach (var item in channel.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                Generated += item.Item2.Tokens.Count;
                yield return item;
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await closing.ConfigureAwait(false);
        }
    }
}

/// <summary>A stream that had begun ended with an error event: nothing more can be written.</summary>
internal sealed class StreamFailedException(Exception inner) : Exception(inner.Message, inner);
