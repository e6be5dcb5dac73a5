using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Chat.Jinja;

namespace Alidade.Models.Chat;

/// <summary>
/// Renders a conversation whose last message is to be continued (a prefilled answer): the text ends where that message's content ends, before whatever the
/// template puts after it.
/// </summary>
/// <remarks>
/// A unique word is put behind the content, and the text cut where it stands: as transformers does with <c>continue_final_message</c>. A template that trims
/// contents is recognised by what it does with the space behind the word, and the content's own white space is then trimmed as well.
/// </remarks>
internal static class UnfinishedMessage
{
    private const string Word = "QZXUNFINISHEDXZQ";

    /// <summary>The messages with the word and a space behind the last content.</summary>
    /// <exception cref="AlidadeException">There is no text to continue.</exception>
    public static JsonArray WithWord(JsonArray messages)
    {
        var marked = (JsonArray)messages.DeepClone();
        if (marked.Count == 0 || marked[^1] is not JsonObject last)
            throw new AlidadeException("there is no last message to continue: the conversation is empty");
        if (TextIn(last["content"]) is { } content)
            last["content"] = content + Word + " ";
        else if ((last["content"] as JsonArray)?.OfType<JsonObject>().LastOrDefault(p => TextIn(p["text"]) is not null) is { } part)
            part["text"] = TextIn(part["text"]) + Word + " ";
        else
            throw new AlidadeException("the last message cannot be continued: it has no text as its content");
        return marked;
    }

    /// <summary>How long the finished part of the text is.</summary>
    /// <exception cref="AlidadeException">The template does not write the last content as it is.</exception>
    public static int Length(string rendered, JsonArray messages)
    {
        var content = ContentOf(messages);
        var at = rendered.LastIndexOf(Word, StringComparison.Ordinal);
        var end = at;
        if (at >= 0 && string.CompareOrdinal(rendered, at, Word + " ", 0, Word.Length + 1) != 0)
            while (end > 0 && PyText.IsSpace(rendered[end - 1]))
                end--;
        if (at < 0 || !rendered.AsSpan(0, at).TrimEnd().EndsWith(TextOperations.Strip(new Str(content), null, true, true).Value.AsSpan().TrimEnd()))
            throw new AlidadeException("the last message cannot be continued: the template does not write its content as it is");
        return end;
    }

    private static string ContentOf(JsonArray messages) => TextIn(messages[^1]!["content"])
        ?? messages[^1]!["content"]!.AsArray().OfType<JsonObject>().Select(p => TextIn(p["text"])).Last(t => t is not null)!;

    private static string? TextIn(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
