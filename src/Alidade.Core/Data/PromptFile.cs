using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>A prompt without an answer, for training by reinforcement: the model answers, a reward judges.</summary>
/// <param name="Id">The row's <c>id</c> field, else a hash of its content.</param>
/// <param name="Prompt">What is asked.</param>
/// <param name="Fields">The row's other fields by name, for a reward that needs to know more, such as the right answer.</param>
public sealed record AskedPrompt(string Id, Prompt Prompt, IReadOnlyDictionary<string, JsonElement> Fields) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Prompt.Key;
}

/// <summary>
/// Reads prompts: rows {prompt, …}, a text or a list of messages that does not end with the assistant's; or rows of preference pairs, of which the prompt is taken
/// and the answers are left. A broken row is an error that names file, line and field, or is counted (<see cref="DataOptions.DropInvalidRows"/>).
/// </summary>
/// <remarks>Row type "prompt-only" of TRL 1.16.</remarks>
public static class PromptFile
{
    private static readonly string[] Own = ["id", "prompt"];

    /// <summary>Reads a file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<AskedPrompt> Read(string path, DataOptions? options = null)
    {
        Func<DataRow, AskedPrompt>? make = null;
        return DataRow.ReadAll(path, options, row => (make ??= !row.Has("prompt") && row.Has("chosen") ? OfPairs() : OfPrompts())(row));
    }

    private static Func<DataRow, AskedPrompt> OfPairs()
    {
        var pairs = PreferenceFile.Reader(PreferenceFormat.Auto);
        return row => pairs(row) is var pair && pair.Prompt.Text is null or { Length: > 0 } ? new(pair.Id, pair.Prompt, new Dictionary<string, JsonElement>())
            : throw row.Error("chosen", "has no prompt in common with 'rejected'", "no prompt");
    }

    private static Func<DataRow, AskedPrompt> OfPrompts()
    {
        var ids = new RowIds();
        return row =>
        {
            var prompt = Prompts.Of(row, "prompt");
            if (prompt.Text is { } text && string.IsNullOrWhiteSpace(text))
                throw row.Error("prompt", "is empty", "empty field 'prompt'");
            if (prompt.Messages is [.., { Role: "assistant" }])
                throw row.Error("prompt", "ends with the assistant's turn: there is nothing left to answer", "prompt that is answered already");
            return new(ids.Of(row, prompt.Key), prompt, row.Fields.Where(f => !Own.Contains(f.Key)).ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal));
        };
    }
}
