using System.Text;
using System.Text.Json;
using Alidade.Core;
using Alidade.Models.Chat;
using Alidade.Models.Generation;
using Alidade.Models.Generation.Constraints;

namespace Alidade.Models.Endpoints.Server;

/// <summary>The body of <c>POST /v1/chat/completions</c>.</summary>
internal sealed record ChatRequest(string? Model, IReadOnlyList<Message> Messages, GenerationOptions Options, int? MaxTokens, int Count, bool LogProbs, bool Stream, bool IncludeUsage)
{
    private static readonly string[] Roles = ["system", "developer", "user", "assistant"];

    /// <summary>Reads it.</summary>
    /// <exception cref="ApiException">A field has a wrong type or value, or is not supported.</exception>
    public static ChatRequest Read(RequestReader body, int mostChoices)
    {
        body.Ignore("user", "store", "metadata", "safety_identifier", "prompt_cache_key");
        var logProbs = body.Flag("logprobs") ?? false;
        var top = SamplingFields.Top(body, "top_logprobs");
        if (top > 0 && !logProbs)
            throw ApiException.Invalid("'top_logprobs' needs 'logprobs' to be true", "top_logprobs");
        var (stream, usage) = SamplingFields.Streaming(body);
        // The newer name wins, as at OpenAI.
        var older = (int?)body.Integer("max_tokens", 1, int.MaxValue);
        return new(
            body.Text("model"),
            Turns(body),
            SamplingFields.Read(body) with { TopLogProbs = top ?? 0, Constraint = Format(body) },
            (int?)body.Integer("max_completion_tokens", 1, int.MaxValue) ?? older,
            SamplingFields.Count(body, mostChoices),
            logProbs,
            stream,
            usage);
    }

    private static IReadOnlyList<Message> Turns(RequestReader body)
    {
        var list = body.List("messages") ?? throw ApiException.Invalid("'messages' is missing; give a list of messages, each with 'role' and 'content'", "messages");
        if (list.Count == 0)
            throw ApiException.Invalid("'messages' is empty; give at least one message", "messages");
        return [.. list.Select(item =>
        {
            var message = RequestReader.ObjectOf(item.Value, item.Path);
            var role = message.Text("role") ?? throw ApiException.Invalid($"'{message.PathOf("role")}' is missing", message.PathOf("role"));
            if (!Roles.Contains(role))
                throw ApiException.Invalid($"'{message.PathOf("role")}' is '{role}', it must be one of {string.Join(", ", Roles)}", message.PathOf("role"));
            var content = message.Any("content") ?? throw ApiException.Invalid($"'{message.PathOf("content")}' is missing", message.PathOf("content"));
            var text = Content(content, message.PathOf("content"));
            message.RefuseOthers();
            // What OpenAI renamed for its own models; templates know the older name.
            return new Message(role == "developer" ? "system" : role, text);
        })];
    }

    private static string Content(JsonElement content, string path)
    {
        if (content.ValueKind == JsonValueKind.String)
            return content.GetString()!;
        if (content.ValueKind != JsonValueKind.Array)
            throw RequestReader.Wrong(content, path, "a text or a list of parts");
        var all = new StringBuilder();
        foreach (var item in RequestReader.ListOf(content, path))
        {
            var part = RequestReader.ObjectOf(item.Value, item.Path);
            var type = part.Text("type");
            if (type != "text")
                throw ApiException.Invalid($"'{part.PathOf("type")}' is '{type}'; this model reads text alone", part.PathOf("type"), "not_supported");
            all.Append(part.Text("text") ?? throw ApiException.Invalid($"'{part.PathOf("text")}' is missing", part.PathOf("text")));
            part.RefuseOthers();
        }

        return all.ToString();
    }

    private static OutputConstraint? Format(RequestReader body)
    {
        if (body.Object("response_format") is not { } format)
            return null;
        var type = format.Text("type");
        OutputConstraint? constraint = null;
        switch (type)
        {
            case "text":
                break;
            case "json_object":
                constraint = OutputConstraint.Json();
                break;
            case "json_schema":
                var named = format.Object("json_schema") ?? throw ApiException.Invalid("'response_format.json_schema' is missing", "response_format.json_schema");
                named.Ignore("name", "description", "strict");
                var schema = named.Any("schema") ?? throw ApiException.Invalid("'response_format.json_schema.schema' is missing", "response_format.json_schema.schema");
                named.RefuseOthers();
                constraint = Constraint(schema);
                break;
            default:
                throw ApiException.Invalid($"'response_format.type' is '{type}', it must be text, json_object or json_schema", "response_format.type");
        }

        format.RefuseOthers();
        return constraint;
    }

    private static OutputConstraint Constraint(JsonElement schema)
    {
        try
        {
            return OutputConstraint.JsonSchema(schema.GetRawText());
        }
        catch (AlidadeException exception)
        {
            throw ApiException.Invalid($"'response_format.json_schema.schema': {exception.Message}", "response_format.json_schema.schema");
        }
    }
}
