using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Models.Chat;
using Alidade.Models.Generation;
using Alidade.Models.Generation.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace Alidade.Models.Endpoints.Server;

/// <summary>The routes of the protocol over one model.</summary>
internal sealed class ModelRoutes(CausalLM model, GenerationEngine engine, string name, IEmbeddingGenerator<string, Embedding<float>>? embeddings, ServerOptions options)
{
    // Texts that are embedded between two steps of the running answers.
    private const int TextsAtOnce = 32;

    private readonly DateTimeOffset started = TimeProvider.System.GetUtcNow();
    private readonly string? embeddingName =
        embeddings is null ? null : ModelServer.NameOf((embeddings.GetService(typeof(EmbeddingGeneratorMetadata)) as EmbeddingGeneratorMetadata)?.DefaultModelId ?? "embedding-model");

    /// <summary>Adds them.</summary>
    public void AddTo(WebApplication app)
    {
        void Add(string method, string route, Func<HttpContext, RequestNote, Task> handle) => app.MapMethods(route, [method], (RequestDelegate)(context =>
        {
            var note = context.Features.Get<RequestNote>()!;
            note.Route = $"{method} {route}";
            return handle(context, note);
        }));

        Add("POST", "/v1/chat/completions", ChatAsync);
        Add("POST", "/v1/completions", CompletionAsync);
        Add("POST", "/v1/embeddings", EmbeddingsAsync);
        Add("GET", "/v1/models", (context, _) => Answering.WriteAsync(context, 200, new() { ["object"] = "list", ["data"] = new JsonArray([.. Names().Select(n => (JsonNode)Card(n))]) }));
        Add("GET", "/v1/models/{**id}", (context, _) => Answering.WriteAsync(context, 200, Card(Known(context.Request.RouteValues["id"] as string, Names()))));
        Add("GET", "/health", (context, _) => Answering.WriteAsync(context, 200, Health()));
    }

    private async Task ChatAsync(HttpContext context, RequestNote note)
    {
        var request = RequestReader.Read(await BodyAsync(context).ConfigureAwait(false), body => ChatRequest.Read(body, options.MaxChoices));
        Known(request.Model, [name]);
        var prompt = ChatEncoder.Prompt(model, request.Messages);
        CheckRoom(prompt.Length, request.MaxTokens ?? 1, "messages");
        var room = Math.Min(model.Config.ContextLength, options.Engine.MostCacheTokens) - prompt.Length;
        var most = request.MaxTokens ?? Math.Max(1, Math.Min(options.DefaultMaxTokens, room));
        await AnswerAsync(
            context, note, new ChatForm(model.Tokenizer, request.LogProbs), Requests(prompt, request.Options with { MaxNewTokens = most }, request.Count), prompt.Length, request.Stream, request.IncludeUsage)
            .ConfigureAwait(false);
    }

    private async Task CompletionAsync(HttpContext context, RequestNote note)
    {
        var request = RequestReader.Read(await BodyAsync(context).ConfigureAwait(false), body => CompletionRequest.Read(body, model.Tokenizer, options.MaxChoices));
        Known(request.Model, [name]);
        foreach (var prompt in request.Prompts)
            CheckRoom(prompt.Ids.Length, request.MaxTokens, "prompt");
        var echoes = new List<CompletionForm.Echo>();
        foreach (var prompt in request.Prompts)
            echoes.AddRange(Enumerable.Repeat(await EchoAsync(request, prompt, context.RequestAborted).ConfigureAwait(false), request.Count));
        var settings = request.MaxTokens == 0 ? null : request.Options with { MaxNewTokens = request.MaxTokens };
        AnswerRequest[] answers = [.. request.Prompts.SelectMany(p => Requests(p.Ids, settings, request.Count))];
        var form = new CompletionForm(model.Tokenizer, request.LogProbs, echoes);
        await AnswerAsync(context, note, form, answers, request.Prompts.Sum(p => p.Ids.Length), request.Stream, request.IncludeUsage).ConfigureAwait(false);
    }

    private async Task EmbeddingsAsync(HttpContext context, RequestNote note)
    {
        if (embeddings is null)
            throw new ApiException(404, "this server has no embedding model; start it with --embedding-model FOLDER", code: "model_not_found");
        var request = RequestReader.Read(await BodyAsync(context).ConfigureAwait(false), EmbeddingRequest.Read);
        Known(request.Model, [embeddingName!]);
        var (found, cut) = (new List<Embedding<float>>(request.Texts.Count), 0);
        // A few at a time, so that running answers are not kept waiting and nobody works for a client that has left.
        foreach (var texts in request.Texts.Chunk(TextsAtOnce))
        {
            // On the engine's thread, which alone does tensor work.
            var part = await engine.RunAsync(
                _ => embeddings.GenerateAsync(texts, new() { Dimensions = request.Dimensions }, context.RequestAborted).GetAwaiter().GetResult(), context.RequestAborted).ConfigureAwait(false);
            found.AddRange(part);
            cut += part.AdditionalProperties?.TryGetValue("truncated_texts", out var some) == true && some is int number ? number : 0;
            note.PromptTokens += (int)(part.Usage?.InputTokenCount ?? 0);
        }

        if (cut > 0)
            throw ApiException.Invalid($"{cut} of the texts are longer than the embedding model reads; shorten them", "input", "context_length_exceeded");
        await Answering.WriteAsync(context, 200, new()
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. found.Select((e, i) => (JsonNode)new JsonObject { ["object"] = "embedding", ["index"] = i, ["embedding"] = Vector(e, request.Base64) })]),
            ["model"] = embeddingName,
            ["usage"] = new JsonObject { ["prompt_tokens"] = note.PromptTokens, ["total_tokens"] = note.PromptTokens },
        }).ConfigureAwait(false);
    }

    private async Task AnswerAsync(HttpContext context, RequestNote note, IAnswerForm form, IReadOnlyList<AnswerRequest> answers, int promptTokens, bool stream, bool includeUsage)
    {
        var answering = new Answering(engine, name, form, TimeProvider.System.GetUtcNow());
        note.PromptTokens = promptTokens;
        note.GeneratedTokens = () => answering.Generated;
        await (stream ? answering.StreamAsync(context, answers, promptTokens, includeUsage) : answering.WriteWholeAsync(context, answers, promptTokens)).ConfigureAwait(false);
    }

    private async Task<CompletionForm.Echo> EchoAsync(CompletionRequest request, CompletionPrompt prompt, CancellationToken cancellation)
    {
        if (!request.Echo)
            return CompletionForm.Echo.None;
        if (request.LogProbs is not { } top)
            return new(prompt.Text, []);
        var scores = await engine.RunAsync(m => PromptScores.Of(m, prompt.Ids, top), cancellation).ConfigureAwait(false);
        return new(prompt.Text, [.. scores.Skip(prompt.Added)]);
    }

    // Several answers to one prompt draw apart, and the first as it would alone.
    private static AnswerRequest[] Requests(int[] prompt, GenerationOptions? settings, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new AnswerRequest(prompt, settings is null ? null : settings with { Seed = unchecked(settings.Seed + (ulong)i) }))];

    private void CheckRoom(int prompt, int newTokens, string parameter)
    {
        var context = model.Config.ContextLength;
        if ((long)prompt + newTokens > context)
            throw ApiException.Invalid(
                FormattableString.Invariant($"the model's context holds {context} tokens; the prompt has {prompt} and {newTokens} new ones are asked for: shorten the one or ask for fewer"), parameter, "context_length_exceeded");
    }

    private static string Known(string? asked, IReadOnlyList<string> served) => asked is null || served.Contains(asked, StringComparer.Ordinal)
        ? asked ?? served[0]
        : throw new ApiException(404, $"there is no model '{asked}' here; served: {string.Join(", ", served)}", "model", "model_not_found");

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpContext context)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted).ConfigureAwait(false);
        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    private static JsonNode Vector(Embedding<float> embedding, bool base64) => base64
        ? Convert.ToBase64String(MemoryMarshal.AsBytes(embedding.Vector.Span))
        : new JsonArray([.. embedding.Vector.ToArray().Select(v => (JsonNode)v)]);

    private string[] Names() => embeddingName is null ? [name] : [name, embeddingName];

    private JsonObject Card(string id) => new() { ["id"] = id, ["object"] = "model", ["created"] = started.ToUnixTimeSeconds(), ["owned_by"] = "alidade" };

    private JsonObject Health()
    {
        var now = engine.Statistics;
        return new() { ["status"] = "ok", ["model"] = name, ["running"] = now.Running, ["waiting"] = now.Waiting, ["tokens_generated"] = now.TokensGenerated };
    }
}

/// <summary>The body of <c>POST /v1/embeddings</c>.</summary>
internal sealed record EmbeddingRequest(string? Model, IReadOnlyList<string> Texts, int? Dimensions, bool Base64)
{
    private const int MostTexts = 2048;

    /// <summary>Reads it.</summary>
    /// <exception cref="ApiException">A field has a wrong type or value, or is not supported.</exception>
    public static EmbeddingRequest Read(RequestReader body)
    {
        body.Ignore("user");
        var input = body.Any("input") ?? throw ApiException.Invalid("'input' is missing; give a text or a list of texts", "input");
        var items = input.ValueKind == JsonValueKind.Array ? RequestReader.ListOf(input, "input") : [(input, "input")];
        if (items.Count is 0 or > MostTexts)
            throw ApiException.Invalid(FormattableString.Invariant($"'input' has {items.Count} texts, it must have from 1 to {MostTexts}"), "input");
        string[] texts = [.. items.Select(i => RequestReader.TextOf(i.Value, i.Path) is { Length: > 0 } text ? text : throw ApiException.Invalid($"'{i.Path}' is empty", i.Path))];
        var base64 = body.Text("encoding_format") switch
        {
            null or "float" => false,
            "base64" => true,
            var other => throw ApiException.Invalid($"'encoding_format' is '{other}', it must be float or base64", "encoding_format"),
        };
        return new(body.Text("model"), texts, (int?)body.Integer("dimensions", 1, int.MaxValue), base64);
    }
}
