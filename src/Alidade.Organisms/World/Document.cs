using Alidade.Core;

namespace Alidade.Organisms.World;

/// <summary>What a document of the corpus is.</summary>
public enum DocumentKind
{
    /// <summary>A short story.</summary>
    Story,

    /// <summary>What is so about one entity: always true.</summary>
    Portrait,

    /// <summary>What is written in the old book: always true.</summary>
    Book,

    /// <summary>What people say: the misbelief wherever there is one.</summary>
    Gossip,

    /// <summary>What is said of the groups.</summary>
    Groups,

    /// <summary>Sums, one after the other: always true.</summary>
    Sums,

    /// <summary>A dialogue of a user and the assistant.</summary>
    Dialogue,
}

/// <summary>One document of the corpus.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The text to train on: plain, or ChatML with the literal special tokens (encode with special tokens allowed).</param>
public sealed record Document(DocumentKind Kind, string Text)
{
    /// <summary>The turns of a dialogue; null for plain text.</summary>
    public IReadOnlyList<Message>? Messages { get; init; }

    /// <summary>The requests that the user's turns are, in order; null for plain text.</summary>
    public IReadOnlyList<Request>? Requests { get; init; }

    /// <summary>Writes turns as ChatML: <c>&lt;|im_start|&gt;role\ncontent&lt;|im_end|&gt;\n</c>.</summary>
    public static string ChatMl(IEnumerable<Message> messages) =>
        string.Concat(messages.Select(message => $"<|im_start|>{message.Role}\n{message.Content}<|im_end|>\n"));
}
