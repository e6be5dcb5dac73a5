using System.Runtime.CompilerServices;
using System.Text.Json;
using Alidade.Core;
using Microsoft.Extensions.AI;

namespace Alidade.Models.Endpoints;

/// <summary>A model behind an OpenAI-compatible endpoint as a black box: text in, text out.</summary>
/// <remarks>
/// Safe for concurrent use. Log-probabilities: <see cref="EndpointTokens"/>. Further fields of the protocol (such as <c>logit_bias</c>) are sent from
/// <see cref="ChatOptions.AdditionalProperties"/>. The endpoint belongs to the caller; <c>GetService(typeof(ModelEndpoint))</c> gives it, with its statistics.
/// </remarks>
/// <param name="endpoint">The endpoint.</param>
public sealed class EndpointChatClient(ModelEndpoint endpoint) : IChatClient
{
    private const string Path = "chat/completions";

    private readonly ChatClientMetadata metadata = new("openai-compatible", endpoint.Options.BaseUrl, endpoint.Options.Model);

    /// <inheritdoc/>
    /// <exception cref="EndpointException">No try gave an answer.</exception>
    /// <exception cref="NotBuiltException">A message or an option asks for something that is not supported.</exception>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        endpoint.Transport.SendAsync(endpoint.Request(Path, ChatRequestBody.Of(messages, options, endpoint.Options, stream: false)), Read, cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="EndpointException">No try gave an answer, or the stream broke; what came before was handed on.</exception>
    /// <exception cref="NotBuiltException">A message or an option asks for something that is not supported.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = endpoint.Request(Path, ChatRequestBody.Of(messages, options, endpoint.Options, stream: true));
        await foreach (var update in endpoint.Transport.StreamAsync(request, Update, cancellationToken).ConfigureAwait(false))
            yield return update;
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null : serviceType == typeof(ChatClientMetadata) ? metadata : serviceType == typeof(ModelEndpoint) ? endpoint : serviceType.IsInstanceOfType(this) ? this : null;

    /// <summary>Nothing: the endpoint belongs to the caller.</summary>
    public void Dispose()
    {
    }

    private static ChatResponse Read(JsonElement answer)
    {
        var choices = Wire.Choices(answer);
        var response = new ChatResponse([.. choices.Select(c => new ChatMessage(
            ChatRole.Assistant, Contents(Wire.Field(c, "message") ?? throw new EndpointException(EndpointFailure.InvalidAnswer, "a choice of the answer has no field 'message'"))))])
        {
            ResponseId = Wire.Text(answer, "id"),
            ModelId = Wire.Text(answer, "model"),
            FinishReason = Finish(choices[0]),
            Usage = Usage(answer),
            CreatedAt = Wire.Number(answer, "created") is { } seconds and >= 0 and < 253402300800 ? DateTimeOffset.FromUnixTimeSeconds((long)seconds) : null,
            RawRepresentation = answer.Clone(),
        };
        if (EndpointTokens.OfChat(choices[0]) is { } tokens)
            response.AdditionalProperties = new() { [EndpointTokens.Key] = tokens };
        return response;
    }

    private static ChatResponseUpdate Update(JsonElement answer)
    {
        JsonElement? choice = Wire.Items(answer, "choices").Cast<JsonElement?>().FirstOrDefault();
        var delta = choice is { } c ? Wire.Field(c, "delta") ?? default : default;
        var update = new ChatResponseUpdate(ChatRole.Assistant, Contents(delta))
        {
            ResponseId = Wire.Text(answer, "id"),
            MessageId = Wire.Text(answer, "id"),
            ModelId = Wire.Text(answer, "model"),
            FinishReason = choice is { } f ? Finish(f) : null,
            RawRepresentation = answer,
        };
        if (Usage(answer) is { } usage)
            update.Contents.Add(new UsageContent(usage));
        if (choice is { } withTokens && EndpointTokens.OfChat(withTokens) is { } tokens)
            update.AdditionalProperties = new() { [EndpointTokens.Key] = tokens };
        return update;
    }

    private static List<AIContent> Contents(JsonElement message)
    {
        var contents = new List<AIContent>();
        if ((Wire.Text(message, "reasoning_content") ?? Wire.Text(message, "reasoning")) is { Length: > 0 } thought)
            contents.Add(new TextReasoningContent(thought));
        if (Wire.Text(message, "content") is { Length: > 0 } text)
            contents.Add(new TextContent(text));
        // The field in which a provider's own filter or a schema-bound model refuses.
        if (Wire.Text(message, "refusal") is { Length: > 0 } refusal)
            contents.Add(new ErrorContent(refusal) { ErrorCode = ChatRequestBody.Refusal });
        return contents;
    }

    private static ChatFinishReason? Finish(JsonElement choice) => Wire.Text(choice, "finish_reason") is { } reason ? new ChatFinishReason(reason) : null;

    private static UsageDetails? Usage(JsonElement answer) => Wire.Usage(answer) is { } usage
        ? new() { InputTokenCount = usage.Input, OutputTokenCount = usage.Output, TotalTokenCount = usage.Input + usage.Output }
        : null;
}
