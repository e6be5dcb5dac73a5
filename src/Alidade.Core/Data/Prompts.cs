using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>Prompts and answers as rows hold them: texts or lists of messages.</summary>
internal static class Prompts
{
    /// <summary>A prompt: a text, or messages that do not end with the assistant's.</summary>
    public static Prompt Of(DataRow row, string field)
    {
        switch (row.Get(field).ValueKind)
        {
            case JsonValueKind.String:
                return Prompt.OfText(row.Text(field));
            case JsonValueKind.Array:
                return Prompt.OfMessages(row.Messages(field));
            default:
                throw row.WrongType(field, "a text or a list of messages");
        }
    }

    /// <summary>An answer: a text, or a list of one assistant message.</summary>
    public static string Answer(DataRow row, string field) => row.Get(field).ValueKind switch
    {
        JsonValueKind.String => row.Text(field),
        JsonValueKind.Array => Answer(row, field, row.Messages(field), 0),
        _ => throw row.WrongType(field, "a text or a list with one assistant message"),
    };

    /// <summary>The answer that follows the first <paramref name="prompt"/> messages.</summary>
    public static string Answer(DataRow row, string field, IReadOnlyList<Message> messages, int prompt)
    {
        var answer = messages.Skip(prompt).ToArray();
        return answer switch
        {
            [{ Role: "assistant" } message] => message.Content,
            [] => throw row.Error(field, "holds an empty answer", $"empty answer in field '{field}'"),
            _ => throw row.Error(field, $"must end in one assistant message after the prompt; here follow: {string.Join(", ", answer.Select(m => m.Role))}", $"answer of several messages in field '{field}'"),
        };
    }
}

/// <summary>The dialogues of Anthropic's HH data: "\n\nHuman: … \n\nAssistant: …", the last turn the assistant's.</summary>
internal static class HumanAssistantDialogue
{
    private const string Human = "\n\nHuman:";
    private const string Assistant = "\n\nAssistant:";

    public static bool Looks(string text) => text.TrimStart().StartsWith("Human:", StringComparison.Ordinal);

    public static IReadOnlyList<Message> Parse(DataRow row, string field)
    {
        // The marks count only after a blank line; the first turn may stand at the very beginning.
        var text = "\n\n" + row.Text(field).TrimStart();
        var messages = new List<Message>();
        for (var start = 0; start < text.Length;)
        {
            var role = text.AsSpan(start).StartsWith(Human) ? "user" : text.AsSpan(start).StartsWith(Assistant) ? "assistant"
                : throw row.Error(field, "does not begin with \"Human:\"; a dialogue reads \"\\n\\nHuman: … \\n\\nAssistant: …\"", $"no dialogue in field '{field}'");
            var content = start + (role == "user" ? Human.Length : Assistant.Length);
            var end = Math.Min(After(text, Human, content), After(text, Assistant, content));
            messages.Add(new Message(role, text[content..end].Trim()));
            start = end;
        }

        if (messages is not [{ Role: "user" }, .., { Role: "assistant" }])
            throw row.Error(field, "must begin with a turn of \"Human:\" and end with one of \"Assistant:\"", $"no dialogue in field '{field}'");
        return messages;
    }

    private static int After(string text, string mark, int from) => text.IndexOf(mark, from, StringComparison.Ordinal) is var at && at < 0 ? text.Length : at;
}
