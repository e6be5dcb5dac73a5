using System.Runtime.CompilerServices;
using Alidade.Core;
using Alidade.Models.Generation;
using Microsoft.Extensions.AI;

namespace Alidade.Models.Chat;

/// <summary>
/// A local model as a black box: text in, text out, through its chat template. Protocols that need only text run on it as on any provider.
/// </summary>
/// <remarks>Not thread safe, like the model, which it does not own. Work is done on the calling thread; the tasks are complete when they are returned.
/// Content other than text is refused.</remarks>
/// <param name="model">The model, with the adapter in use.</param>
/// <param name="defaults">What holds where a call's options say nothing.</param>
public sealed class LocalChatClient(CausalLM model, GenerationOptions defaults) : IChatClient
{
    private readonly ChatClientMetadata metadata = new("alidade", defaultModelId: model.Name);

    /// <inheritdoc/>
    /// <exception cref="AlidadeException">A message holds something else than text, the model has no chat template, or an option is out of range.</exception>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var prompt = ChatEncoder.Prompt(model, [.. messages.Select(Turn)]);
        var generated = TextGenerator.Generate(model, [prompt], Settings(options), cancellation: cancellationToken)[0];
        return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, generated.Text))
        {
            ModelId = model.Name,
            FinishReason = generated.Truncated ? ChatFinishReason.Length : ChatFinishReason.Stop,
            Usage = new() { InputTokenCount = prompt.Length, OutputTokenCount = generated.Ids.Count, TotalTokenCount = prompt.Length + generated.Ids.Count },
        });
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var prompt = ChatEncoder.Prompt(model, [.. messages.Select(Turn)]);
        foreach (var chunk in TextGenerator.Stream(model, prompt, Settings(options), cancellation: cancellationToken))
        {
            yield return new(ChatRole.Assistant, chunk.Text) { ModelId = model.Name };
            await Task.CompletedTask.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null : serviceType == typeof(ChatClientMetadata) ? metadata : serviceType == typeof(CausalLM) ? model : serviceType.IsInstanceOfType(this) ? this : null;

    /// <summary>Nothing: the model belongs to the caller.</summary>
    public void Dispose()
    {
    }

    private static Message Turn(ChatMessage message) =>
        message.Contents.FirstOrDefault(c => c is not TextContent) is { } other
            ? throw new AlidadeException($"a message of role '{message.Role}' holds {other.GetType().Name}; a local model reads text alone")
            : new(message.Role.Value, message.Text);

    private GenerationOptions Settings(ChatOptions? options) => options is null ? defaults : defaults with
    {
        MaxNewTokens = options.MaxOutputTokens ?? defaults.MaxNewTokens,
        Temperature = options.Temperature ?? defaults.Temperature,
        TopK = options.TopK ?? defaults.TopK,
        TopP = options.TopP ?? defaults.TopP,
        Seed = options.Seed is { } seed ? (ulong)seed : defaults.Seed,
        Stop = options.StopSequences is { } stop ? [.. stop] : defaults.Stop,
    };
}
