using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Alidade.Training.Rewards;

/// <summary>What judges share: how they are asked, and how a reply is read.</summary>
internal static class JudgeReplies
{
    /// <summary>Greedy, with a reply of JSON.</summary>
    public static ChatOptions Options(string schema, int maxTokens) => new()
    {
        Temperature = 0,
        MaxOutputTokens = maxTokens,
        ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonDocument.Parse(schema).RootElement),
    };

    /// <summary>A member of the first JSON object in a reply; null when there is none.</summary>
    public static JsonElement? Member(ChatResponse response, string member)
    {
        var text = response.Text;
        var (start, end) = (text.IndexOf('{'), text.LastIndexOf('}'));
        if (start < 0 || end < start)
            return null;
        try
        {
            using var reply = JsonDocument.Parse(text.AsMemory(start, end - start + 1));
            return reply.RootElement.TryGetProperty(member, out var value) ? value.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Asks about every item, so many at the same time; answers in the order of the items.</summary>
    public static async Task<IReadOnlyList<TResult>> EachAsync<TItem, TResult>(IReadOnlyList<TItem> items, int parallel, Func<TItem, Task<TResult>> ask, CancellationToken cancellation)
    {
        var results = new TResult[items.Count];
        if (parallel <= 1)
        {
            // On the caller's thread: a local model is not to leave it.
            for (var i = 0; i < results.Length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                results[i] = await ask(items[i]);
            }

            return results;
        }

        await System.Threading.Tasks.Parallel.ForEachAsync(
            Enumerable.Range(0, results.Length), new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation },
            async (i, _) => results[i] = await ask(items[i]));
        return results;
    }
}
