namespace Alidade.Core.Data;

/// <summary>What an answer answers: plain text that the answer continues, or the turns of a conversation.</summary>
public sealed class Prompt : IEquatable<Prompt>
{
    private Prompt(string? text, IReadOnlyList<Message>? messages)
    {
        Text = text;
        Messages = messages;
        // \u0001 and \u0002 stand in no message that a person writes, so two conversations share a key only when they are the same.
        Key = text is not null ? text.Trim() : "\u0001" + string.Join('\u0001', messages!.Select(m => $"{m.Role}\u0002{m.Content.Trim()}"));
    }

    /// <summary>The plain text; null for a conversation.</summary>
    public string? Text { get; }

    /// <summary>The turns; null for plain text.</summary>
    public IReadOnlyList<Message>? Messages { get; }

    /// <summary>Two prompts that differ only in outer white space have one key: a split keeps them on one side.</summary>
    public string Key { get; }

    /// <summary>Plain text.</summary>
    public static Prompt OfText(string text) => new(text, null);

    /// <summary>A conversation.</summary>
    public static Prompt OfMessages(IReadOnlyList<Message> messages) => new(null, messages);

    /// <inheritdoc/>
    public bool Equals(Prompt? other) => other is not null && Text == other.Text
        && (Messages is null ? other.Messages is null : other.Messages is not null && Messages.SequenceEqual(other.Messages));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Prompt);

    /// <inheritdoc/>
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);

    /// <summary>As a person would read it.</summary>
    public override string ToString() => Text ?? string.Join("\n", Messages!.Select(m => $"{m.Role}: {m.Content}"));
}
