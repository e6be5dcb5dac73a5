using System.Runtime.CompilerServices;
using Alidade.Core;
using Alidade.Models.Generation;
using Microsoft.Extensions.AI;

namespace Alidade.Models.Chat;

/// <summary>
/// A local model as a black box: text in, text out, through its chat template. Protocols that need only text run on it as on any provider.
/// </summary>
/// <remarks>Not thread safe, like the model, which it does not own. Work is done on the calling thread; the tasks are complete when they are returned.
/// Content other than text, and options that a local model does not have, are refused by name. Of the next turn of a conversation only what is new is read.</remarks>
/// <param name="model">The model, with the adapter in use.</param>
/// <param name="defaults">What holds where a call's options say nothing.</param>
public sealed class LocalChatClient(CausalLM model, GenerationOptions defaults) : IChatClient
{
    // Keys and values of the last conversations.
    private const int PrefixTokens = 8192;

    private readonly ChatClientMetadata metadata = new("alidade", defaultModelId: model.Name);
    private readonly PrefixCache prefixes = new(PrefixTokens);

    /// <inheritdoc/>
    /// <exception cref="AlidadeException">A message holds something else than text, the model has no chat template, or an option is out of range or not supported.</exception>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var prompt = Prompt(messages, options);
        var generated = TextGenerator.Stream(model, prompt, Settings(options), prefixes, cancellationToken).Last().Result!;
        return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, generated.Text))
        {
            ModelId = model.Name,
            FinishReason = ReasonOf(generated),
            Usage = UsageOf(prompt, generated),
        });
    }

    /// <inheritdoc/>
    /// <remarks>The last update carries the finish reason and the usage.</remarks>
    /// <exception cref="AlidadeException">As <see cref="GetResponseAsync"/>.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var prompt = Prompt(messages, options);
        var (response, message) = (Guid.NewGuid().ToString("N"), Guid.NewGuid().ToString("N"));
        foreach (var chunk in TextGenerator.Stream(model, prompt, Settings(options), prefixes, cancellationToken))
        {
            if (chunk.Text.Length == 0 && chunk.Result is null)
                continue;
            var update = new ChatResponseUpdate(ChatRole.Assistant, chunk.Text) { ModelId = model.Name, ResponseId = response, MessageId = message };
            if (chunk.Result is { } generated)
            {
                update.FinishReason = ReasonOf(generated);
                update.Contents.Add(new UsageContent(UsageOf(prompt, generated)));
            }

            yield return update;
            await Task.CompletedTask.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null : serviceType == typeof(ChatClientMetadata) ? metadata : serviceType == typeof(CausalLM) ? model : serviceType.IsInstanceOfType(this) ? this : null;

    /// <summary>Gives back what was kept of conversations. The model belongs to the caller.</summary>
    public void Dispose() => prefixes.Dispose();

    private int[] Prompt(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        IEnumerable<Message> system = options?.Instructions is { Length: > 0 } instructions ? [new("system", instructions)] : [];
        return ChatEncoder.Prompt(model, [.. system, .. messages.Select(Turn)]);
    }

    private static Message Turn(ChatMessage message) =>
        message.Contents.FirstOrDefault(c => c is not TextContent) is { } other
            ? throw new AlidadeException($"a message of role '{message.Role}' holds {other.GetType().Name}; a local model reads text alone")
            : new(message.Role.Value, message.Text);

    private static ChatFinishReason ReasonOf(Generated generated) => generated.Truncated ? ChatFinishReason.Length : ChatFinishReason.Stop;

    private static UsageDetails UsageOf(int[] prompt, Generated generated) =>
        new() { InputTokenCount = prompt.Length, OutputTokenCount = generated.Ids.Count, TotalTokenCount = prompt.Length + generated.Ids.Count };

    private GenerationOptions Settings(ChatOptions? options) => options is null ? defaults : ChatSettings.Of(options, this, model.Name, defaults);
}
