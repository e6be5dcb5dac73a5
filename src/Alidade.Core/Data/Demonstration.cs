using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>A row to imitate (supervised fine-tuning): plain text, a prompt with its completion, or a conversation.</summary>
/// <param name="Id">The row's <c>id</c> field, else a hash of its content.</param>
public abstract record Demonstration(string Id) : IDataRow
{
    /// <inheritdoc/>
    public abstract string Group { get; }

    /// <summary>How much the row counts, for objectives that weigh rows. Default 1.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>True for a row that is to be unlearned, for objectives that know such rows.</summary>
    public bool Avoided { get; init; }
}

/// <summary>Plain text, learned as a whole.</summary>
/// <param name="Id">Id.</param>
/// <param name="Text">The text.</param>
public sealed record TextDemonstration(string Id, string Text) : Demonstration(Id)
{
    /// <inheritdoc/>
    public override string Group => Text.Trim();
}

/// <summary>A prompt with the completion to learn.</summary>
/// <param name="Id">Id.</param>
/// <param name="Prompt">What is asked.</param>
/// <param name="Completion">What is learned.</param>
public sealed record CompletionDemonstration(string Id, Prompt Prompt, string Completion) : Demonstration(Id)
{
    /// <inheritdoc/>
    public override string Group => Prompt.Key;
}

/// <summary>A conversation, of which the assistant's turns are learned.</summary>
/// <param name="Id">Id.</param>
/// <param name="Messages">The turns; at least one is the assistant's.</param>
public sealed record ConversationDemonstration(string Id, IReadOnlyList<Message> Messages) : Demonstration(Id)
{
    /// <summary>What comes before the first turn of the assistant: conversations that begin alike stay on one side of a split.</summary>
    public override string Group => Prompt.OfMessages([.. Messages.TakeWhile(m => m.Role != "assistant")]).Key;
}

/// <summary>
/// Reads demonstrations: rows {text}, {prompt, completion} or {messages}, or preference pairs, of which the preferred answers are imitated; told from the first row. With
/// {weight} a row counts by it, and with {label} false it is one to be unlearned; where the first label of a file is neither true nor false, the column means something else
/// and is not read. A broken row or an empty answer is an error that names file, line and field, or is counted (<see cref="DataOptions.DropInvalidRows"/>).
/// </summary>
/// <remarks>Row types as TRL 1.16 names them: language modelling, prompt-completion, conversational.</remarks>
public static class DemonstrationFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<Demonstration> Read(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        Func<DataRow, RowIds, Demonstration>? make = null;
        bool? labelsAreTruths = null;
        return DataRow.ReadAll(path, options, row => (make ??= ShapeOf(row))(row, ids) with { Weight = Weight(row), Avoided = IsAvoided(row, ref labelsAreTruths) });
    }

    private static double Weight(DataRow row)
    {
        var weight = row.OptionalNumber("weight") ?? 1;
        return weight >= 0 ? weight : throw row.Error("weight", $"is {weight}; a weight is at least 0", "negative weight");
    }

    private static bool IsAvoided(DataRow row, ref bool? labelsAreTruths)
    {
        if (!row.Has("label"))
            return false;
        var truth = DataRow.TruthOf(row.Get("label"));
        if ((labelsAreTruths ??= truth is not null) != truth is not null)
            throw row.Error("label", truth is null ? "is neither true nor false, while rows before are labelled so; give another name to a column that means something else"
                : "is true or false, while labels before are something else; one column has one meaning", "labels that are true or false, and others");
        return truth == false;
    }

    private static Func<DataRow, RowIds, Demonstration> ShapeOf(DataRow row)
    {
        if (row.Has("messages"))
            return Conversation;
        if (row.Has("chosen") && !row.Has("completion"))
            return Preferred();
        if (row.Has("prompt") || row.Has("completion"))
            return Completion;
        if (row.Has("text"))
            return Text;
        string[] known = ["messages", "prompt", "completion", "text", "chosen"];
        var near = row.Fields.Keys.Select(k => (Key: k, Nearest: Suggest.Nearest(k, known))).FirstOrDefault(n => n.Nearest is not null);
        var hint = near.Nearest is null ? $"the row has: {string.Join(", ", row.Fields.Keys)}" : $"the row has '{near.Key}': did you mean '{near.Nearest}'?";
        throw new DataRowException($"{row.File}:{row.Line}: a row needs the fields 'text', 'prompt' and 'completion', 'messages', or 'chosen' and 'rejected' ({hint})", "no known fields");
    }

    // The pair's own id, so that one row is one row to whoever trains on pairs as well.
    private static Func<DataRow, RowIds, Demonstration> Preferred()
    {
        var pairs = PreferenceFile.Reader(PreferenceFormat.Auto);
        return (row, _) => pairs(row) is var pair && pair.Prompt.Text is null or { Length: > 0 }
            ? new CompletionDemonstration(pair.Id, pair.Prompt, pair.Chosen)
            : new TextDemonstration(pair.Id, pair.Chosen);
    }

    private static TextDemonstration Text(DataRow row, RowIds ids)
    {
        var text = row.FilledText("text");
        return new TextDemonstration(ids.Of(row, text), text);
    }

    private static CompletionDemonstration Completion(DataRow row, RowIds ids)
    {
        var prompt = Prompts.Of(row, "prompt");
        var completion = Prompts.Answer(row, "completion");
        if (string.IsNullOrWhiteSpace(completion))
            throw row.Error("completion", "holds an empty answer", "empty answer in field 'completion'");
        return new CompletionDemonstration(ids.Of(row, prompt.Key, completion), prompt, completion);
    }

    private static ConversationDemonstration Conversation(DataRow row, RowIds ids)
    {
        if (row.Get("messages").ValueKind != JsonValueKind.Array)
            throw row.WrongType("messages", "a list of messages {role, content}");
        var messages = row.Messages("messages");
        if (!messages.Any(m => m.Role == "assistant" && !string.IsNullOrWhiteSpace(m.Content)))
            throw row.Error("messages", "has no turn of the assistant to learn from", "no assistant turn in field 'messages'");
        return new ConversationDemonstration(ids.Of(row, [.. messages.SelectMany(m => new[] { m.Role, m.Content })]), messages);
    }
}
