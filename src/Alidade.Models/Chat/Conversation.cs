using System.Text.Json.Nodes;
using Alidade.Models.Chat.Jinja;

namespace Alidade.Models.Chat;

/// <summary>A conversation's JSON as values of a template, every string marked as not the template's own.</summary>
internal static class Conversation
{
    /// <summary>Tools or documents; None when absent.</summary>
    public static object Data(JsonNode? node) => Json.FromNode(node, Str.FromConversation);

    /// <summary>One message.</summary>
    public static object Message(JsonNode? node)
    {
        if (node is not JsonObject members)
            return Data(node);
        var message = new PyDict();
        foreach (var (key, value) in members)
            message.Set(key, key == "role" ? Json.FromNode(value, Role) : Data(value));
        var reasoning = message.Find("reasoning_content") ?? message.Find("thinking") ?? message.Find("reasoning");
        if (reasoning is not null)
            foreach (var name in new[] { "reasoning_content", "thinking" })
                if (message.Find(name) is null)
                    message.Set(name, reasoning);
        return message;
    }

    // Templates build control tokens around the role ("<|" + role + "|>"), so a plain word there counts as the template's own.
    private static Str Role(string role) =>
        role.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? new Str(role) : Str.FromConversation(role);
}
