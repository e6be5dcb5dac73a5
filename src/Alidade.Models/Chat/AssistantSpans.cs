using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Chat.Jinja;

namespace Alidade.Models.Chat;

/// <summary>
/// Finds what the assistant wrote in a rendered conversation, for any template:
/// 1. every content is replaced by a unique word and the conversation is rendered, which gives the template's own pieces between the contents;
/// 2. the end-of-turn mark of a message is the longest common beginning of what follows its word when a user speaks next and when the conversation ends
///    there, without white space at its end;
/// 3. the real text must be the same pieces around the contents, as written or trimmed on either side; else there are no spans.
/// </summary>
/// <remarks>
/// The usual way, the length of the messages before rendered with a generation prompt, fails wherever that text is no prefix of the whole (templates that
/// treat the last turn differently), and counts what the template adds before a content as the assistant's words.
/// </remarks>
internal static class AssistantSpans
{
    public static AssistantSearch Find(ChatTemplate template, JsonArray messages, string text, ChatRenderOptions options)
    {
        var assistants = Enumerable.Range(0, messages.Count).Where(i => IsAssistant(messages[i])).ToList();
        if (assistants.Count == 0)
            return new([], null);
        if (messages.Any(m => ContentOf(m) is null))
            return AssistantSearch.None("a message's content is not a text");
        var words = Words(messages, template.Source);

        // 1. The template's pieces.
        var plain = options with { AddGenerationPrompt = false };
        if (TryText(template, Replaced(messages, words, messages.Count), options) is not { } skeleton)
            return AssistantSearch.None("the template fails when the contents are replaced by single words");
        var (pieces, order) = Cut(skeleton, words);
        if (assistants.Any(i => order.Count(o => o == i) != 1))
            return AssistantSearch.None("the template writes an assistant message more than once, or not at all");

        // 2. The marks.
        var marks = new Dictionary<int, string>();
        foreach (var i in assistants)
        {
            var alone = After(template, Replaced(messages, words, i + 1), words[i], plain);
            var answered = Replaced(messages, words, i + 1);
            answered.Add((JsonNode)new JsonObject { ["role"] = "user", ["content"] = words[^1] });
            if (alone is null || After(template, answered, words[i], plain) is not { } followed)
                return AssistantSearch.None("the template does not render the conversation up to an assistant message");
            marks[i] = TextOperations.Strip(new Str(CommonPrefix(alone, followed)), null, left: false, right: true).Value;
        }

        // 3. The real text around the real contents.
        return Place(messages, text, pieces, order, marks);
    }

    private static AssistantSearch Place(JsonArray messages, string text, List<string> pieces, List<int> order, Dictionary<int, string> marks)
    {
        var changed = AssistantSearch.None("the template changes a content, so where it stands is not certain");
        var spans = new List<AssistantSpan>();
        var position = 0;
        for (var k = 0; k < order.Count; k++)
        {
            if (!StartsWith(text, position, pieces[k]))
                return changed;
            position += pieces[k].Length;
            if (Forms(ContentOf(messages[order[k]])!).FirstOrDefault(f => StartsWith(text, position, f + pieces[k + 1])) is not { } form)
                return changed;
            var end = position + form.Length;
            if (marks.TryGetValue(order[k], out var mark))
            {
                if (!StartsWith(text, end, mark))
                    return changed;
                spans.Add(new(order[k], position, end, end + mark.Length));
            }

            position = end;
        }

        return text[position..] == pieces[^1] ? new(spans, null) : changed;
    }

    private static bool IsAssistant(JsonNode? message) => StringOf(message, "role") == "assistant";

    private static string? ContentOf(JsonNode? message) => StringOf(message, "content");

    private static string? StringOf(JsonNode? message, string key) =>
        message is JsonObject members && members[key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    // A content as written, or without white space at its ends as templates often trim it.
    private static IEnumerable<string> Forms(string content)
    {
        var text = new Str(content);
        yield return content;
        yield return TextOperations.Strip(text, null, left: true, right: true).Value;
        yield return TextOperations.Strip(text, null, left: false, right: true).Value;
        yield return TextOperations.Strip(text, null, left: true, right: false).Value;
    }

    /// <summary>One word for each message and one more, none of which occurs in the conversation or the template.</summary>
    private static List<string> Words(JsonArray messages, string source)
    {
        var all = source + messages.ToJsonString();
        for (var salt = 0; ; salt++)
        {
            var words = Enumerable.Range(0, messages.Count + 1).Select(i => "QZX"
                + Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"{salt}-{i}"))), 0, 6) + "XZQ").ToList();
            if (!words.Any(w => all.Contains(w, StringComparison.OrdinalIgnoreCase)))
                return words;
        }
    }

    private static JsonArray Replaced(JsonArray messages, List<string> words, int count)
    {
        var replaced = new JsonArray();
        for (var i = 0; i < count; i++)
        {
            var message = (JsonObject)messages[i]!.DeepClone();
            message["content"] = words[i];
            replaced.Add((JsonNode)message);
        }

        return replaced;
    }

    private static string? TryText(ChatTemplate template, JsonArray messages, ChatRenderOptions options)
    {
        try
        {
            return template.Text(messages, options);
        }
        catch (AlidadeException)
        {
            return null;
        }
    }

    private static string? After(ChatTemplate template, JsonArray messages, string word, ChatRenderOptions options)
    {
        if (TryText(template, messages, options) is not { } text)
            return null;
        var at = text.IndexOf(word, StringComparison.Ordinal);
        return at >= 0 && text.IndexOf(word, at + 1, StringComparison.Ordinal) < 0 ? text[(at + word.Length)..] : null;
    }

    private static (List<string> Pieces, List<int> Order) Cut(string skeleton, List<string> words)
    {
        var (pieces, order) = (new List<string>(), new List<int>());
        var start = 0;
        for (var at = skeleton.IndexOf("QZX", StringComparison.Ordinal); at >= 0; at = skeleton.IndexOf("QZX", at + 1, StringComparison.Ordinal))
        {
            var index = words.FindIndex(w => StartsWith(skeleton, at, w));
            if (index < 0)
                continue;
            pieces.Add(skeleton[start..at]);
            order.Add(index);
            start = at + words[index].Length;
        }

        pieces.Add(skeleton[start..]);
        return (pieces, order);
    }

    private static bool StartsWith(string text, int at, string part) => string.CompareOrdinal(text, at, part, 0, part.Length) == 0 && at + part.Length <= text.Length;

    private static string CommonPrefix(string a, string b)
    {
        var length = 0;
        while (length < a.Length && length < b.Length && a[length] == b[length])
            length++;
        return length > 0 && char.IsHighSurrogate(a[length - 1]) ? a[..(length - 1)] : a[..length];
    }
}
