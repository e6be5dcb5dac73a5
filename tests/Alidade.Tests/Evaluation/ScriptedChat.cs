using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Alidade.Evaluation.Engine;
using Microsoft.Extensions.AI;

namespace Alidade.Tests.Evaluation;

/// <summary>A chat model whose answers a test writes; it remembers what it was asked.</summary>
internal sealed class ScriptedChat(Func<IReadOnlyList<ChatMessage>, ChatOptions, ChatResponse> answer) : IChatClient
{
    /// <summary>Conversations and options, in the order of the asking.</summary>
    public ConcurrentQueue<(IReadOnlyList<ChatMessage> Messages, ChatOptions Options)> Asked { get; } = [];

    /// <summary>Answers by the text of the whole conversation.</summary>
    public static ScriptedChat By(Func<string, string> answer) => new((messages, _) => Said(answer(string.Join('\n', messages.Select(m => m.Text)))));

    public static ChatResponse Said(string text) => new(new ChatMessage(ChatRole.Assistant, text)) { FinishReason = ChatFinishReason.Stop, Usage = new() { TotalTokenCount = 10 } };

    /// <summary>The client as a model that can be evaluated or can judge.</summary>
    public ChatModel As(string name) => new(this, name, name, 1);

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ChatMessage[] conversation = [.. messages];
        Asked.Enqueue((conversation, options!));
        return Task.FromResult(answer(conversation, options!));
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
            yield return update;
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
