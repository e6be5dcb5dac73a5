using System.Text.Json;

namespace Alidade.Models.Endpoints;

/// <summary>Reads the protocol's answers. What is absent or null is taken as absent, for servers differ in it; what is there with another type is an invalid answer.</summary>
internal static class Wire
{
    /// <summary>A field; null when it is absent or null.</summary>
    public static JsonElement? Field(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? Text(JsonElement element, string name) => Field(element, name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "a text", value);

    public static double? Number(JsonElement element, string name) => Field(element, name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number ? value.GetDouble() : throw Wrong(name, "a number", value);

    public static IEnumerable<JsonElement> Items(JsonElement element, string name) => Field(element, name) is not { } value ? []
        : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Wrong(name, "a list", value);

    /// <summary>The choices of an answer that must have some.</summary>
    public static IReadOnlyList<JsonElement> Choices(JsonElement answer)
    {
        if (Field(answer, "choices") is null)
            throw new EndpointException(EndpointFailure.InvalidAnswer, "the answer has no field 'choices'");
        JsonElement[] choices = [.. Items(answer, "choices")];
        return choices.Length > 0 ? choices : throw new EndpointException(EndpointFailure.EmptyAnswer, "the answer holds no choice");
    }

    /// <summary>Token counts; null when the answer has none.</summary>
    public static EndpointUsage? Usage(JsonElement answer) =>
        Field(answer, "usage") is { } usage && Number(usage, "prompt_tokens") is { } input ? new((long)input, (long)(Number(usage, "completion_tokens") ?? 0)) : null;

    /// <summary>What an error object says, and its code; null when the answer is none.</summary>
    public static (string Message, string? Code)? Error(JsonElement answer) => Field(answer, "error") switch
    {
        { ValueKind: JsonValueKind.String } text => (text.GetString()!, null),
        { ValueKind: JsonValueKind.Object } error => (TextOrNull(error, "message") ?? error.GetRawText(), TextOrNull(error, "code") ?? TextOrNull(error, "type")),
        _ => null,
    };

    /// <summary>As above; null for a body that cannot be read too.</summary>
    public static (string Message, string? Code)? Error(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Error(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>True when an event says that its choice is complete.</summary>
    public static bool IsFinished(JsonElement answer) => Items(answer, "choices").Any(c => Field(c, "finish_reason") is not null);

    /// <summary>True for JSON that is sound as far as it goes, and ends too early.</summary>
    public static bool IsBeginning(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, isFinalBlock: false, default);
            while (reader.Read())
            {
            }

            return reader.TokenType != JsonTokenType.None || reader.BytesConsumed < body.Length;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string? TextOrNull(JsonElement element, string name) => Field(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static EndpointException Wrong(string name, string wanted, JsonElement value) =>
        new(EndpointFailure.InvalidAnswer, $"the field '{name}' of the answer is {value.ValueKind}, it should be {wanted}");
}
