using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core;
using Microsoft.Extensions.AI;

namespace Alidade.Models.Endpoints;

/// <summary>Writes <c>POST chat/completions</c>. What the protocol cannot carry here is refused by name.</summary>
internal static class ChatRequestBody
{
    /// <summary>The code of the content that says why a model refused.</summary>
    public const string Refusal = "Refusal";

    /// <summary>The body.</summary>
    /// <exception cref="NotBuiltException">A message or an option asks for something that is not supported.</exception>
    public static JsonObject Of(IEnumerable<ChatMessage> messages, ChatOptions? chat, EndpointOptions endpoint, bool stream)
    {
        var turns = new JsonArray();
        if (chat?.Instructions is { } instructions)
            turns.Add(new JsonObject { ["role"] = "system", ["content"] = instructions });
        foreach (var message in messages)
            turns.Add(Turn(message));
        if (turns.Count == 0)
            throw new AlidadeException("the conversation is empty; give at least one message");
        var body = new JsonObject { ["model"] = chat?.ModelId ?? endpoint.Model, ["messages"] = turns };
        if (chat is not null)
            Add(body, chat, endpoint);
        if (stream)
        {
            if (body["n"] is JsonValue many && !(many.TryGetValue<int>(out var count) && count == 1))
                throw new NotBuiltException("several answers ('n') cannot be told apart in one stream; ask for them without streaming");
            body["stream"] = true;
            body["stream_options"] = new JsonObject { ["include_usage"] = true };
        }

        return body;
    }

    /// <summary>Adds what is set under its name in the protocol.</summary>
    internal static void Set(JsonObject body, string name, JsonNode? value)
    {
        if (value is not null)
            body[name] = value;
    }

    private static void Add(JsonObject body, ChatOptions chat, EndpointOptions endpoint)
    {
        foreach (var (name, given) in new (string, bool)[]
        {
            ("Tools", chat.Tools is { Count: > 0 }),
            ("ToolMode", chat.ToolMode is RequiredChatToolMode),
            ("ConversationId", chat.ConversationId is not null),
            ("Reasoning", chat.Reasoning is not null),
            ("ContinuationToken", chat.ContinuationToken is not null),
            ("AllowBackgroundResponses", chat.AllowBackgroundResponses is true),
            ("RawRepresentationFactory", chat.RawRepresentationFactory is not null),
        })
        {
            if (given)
                throw new NotBuiltException($"the chat option '{name}' is not supported for an endpoint; leave it out");
        }

        Set(body, "temperature", chat.Temperature);
        Set(body, "top_p", chat.TopP);
        Set(body, "top_k", chat.TopK);
        Set(body, "frequency_penalty", chat.FrequencyPenalty);
        Set(body, "presence_penalty", chat.PresencePenalty);
        Set(body, "seed", chat.Seed);
        Set(body, endpoint.MaxTokensField, chat.MaxOutputTokens);
        Set(body, "stop", chat.StopSequences is { Count: > 0 } stop ? new JsonArray([.. stop.Select(s => (JsonNode)s)]) : null);
        Set(body, "response_format", Format(chat.ResponseFormat));
        foreach (var (name, value) in chat.AdditionalProperties ?? [])
            body[name] = JsonSerializer.SerializeToNode(value);
    }

    private static JsonObject? Format(ChatResponseFormat? format) => format switch
    {
        null or ChatResponseFormatText => null,
        ChatResponseFormatJson { Schema: { } schema } json => new()
        {
            ["type"] = "json_schema",
            ["json_schema"] = new JsonObject { ["name"] = json.SchemaName ?? "answer", ["strict"] = true, ["schema"] = JsonSerializer.SerializeToNode(schema) },
        },
        ChatResponseFormatJson => new() { ["type"] = "json_object" },
        _ => throw new NotBuiltException($"the response format {format.GetType().Name} is not supported; use text or JSON"),
    };

    // What a model thought on the way is no part of the conversation: providers refuse it. Its refusal has a field of its own.
    private static JsonObject Turn(ChatMessage message)
    {
        var isAnswer = message.Role == ChatRole.Assistant;
        var refusal = isAnswer ? string.Concat(message.Contents.OfType<ErrorContent>().Where(e => e.ErrorCode == Refusal).Select(e => e.Message)) : "";
        AIContent[] said = isAnswer ? [.. message.Contents.Where(c => c is not (TextReasoningContent or ErrorContent { ErrorCode: Refusal }))] : [.. message.Contents];
        var turn = new JsonObject { ["role"] = message.Role.Value, ["content"] = said.Length == 0 && refusal.Length > 0 ? null : Content(message.Role, said) };
        if (refusal.Length > 0)
            turn["refusal"] = refusal;
        return turn;
    }

    // A plain text stays a text, which every server reads; parts are for pictures.
    private static JsonNode Content(ChatRole role, AIContent[] contents) => contents.All(c => c is TextContent)
        ? string.Concat(contents.Cast<TextContent>().Select(c => c.Text))
        : new JsonArray([.. contents.Select(c => (JsonNode)(c switch
        {
            TextContent text => new JsonObject { ["type"] = "text", ["text"] = text.Text },
            DataContent data when data.HasTopLevelMediaType("image") => Image(data.Uri),
            UriContent uri when uri.HasTopLevelMediaType("image") => Image(uri.Uri.ToString()),
            _ => throw new NotBuiltException($"a message of role '{role}' holds {c.GetType().Name}; an endpoint is sent text and pictures"),
        }))]);

    private static JsonObject Image(string url) => new() { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = url } };
}
