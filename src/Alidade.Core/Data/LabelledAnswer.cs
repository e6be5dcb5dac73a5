using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>A text, or an answer to a prompt, with a label: a class, a level of a rubric, or right and wrong.</summary>
public sealed record LabelledAnswer : IDataRow
{
    /// <summary>The row's <c>id</c> field, else a hash of its content.</summary>
    public required string Id { get; init; }

    /// <summary>What is answered; an empty text where there is none.</summary>
    public required Prompt Prompt { get; init; }

    /// <summary>The text or the answer.</summary>
    public required string Answer { get; init; }

    /// <summary>The label, counted from 0; 1 for right or unsafe.</summary>
    public required int Label { get; init; }

    /// <summary>The label's name, where the data name labels; null where they number them.</summary>
    public string? LabelName { get; init; }

    /// <inheritdoc/>
    public string Group => Prompt.Key.Length > 0 ? Prompt.Key : Answer.Trim();
}

/// <summary>
/// Reads labelled texts: rows {text, label} or {prompt, completion, label}; a label is a whole number from 0, true (1) or false (0), or a name. Names are numbered in ordinal
/// order; numbers and names in one file are an error.
/// </summary>
public static class LabelledFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<LabelledAnswer> Read(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        bool? named = null;
        var set = DataRow.ReadAll(path, options, row =>
        {
            // A number in a table is a text as well.
            var name = row.Get("label") is { ValueKind: JsonValueKind.String } text && !int.TryParse(text.GetString(), System.Globalization.NumberStyles.Integer, System.Globalization.CultureInfo.InvariantCulture, out _) ? row.FilledText("label") : null;
            if ((named ??= name is not null) != name is not null)
                throw row.Error("label", name is null ? "is a number where the rows before have names" : $"is the name '{name}' where the rows before have numbers", "names and numbers of labels");
            var label = name is not null ? 0 : DataRow.TruthOf(row.Get("label")) is { } truth ? (truth ? 1 : 0) : row.Integer("label", 0, 10_000);
            return Answered(row, ids, label) with { LabelName = name };
        });
        return named == true ? set with { Rows = Numbered(set.Rows) } : set;
    }

    /// <summary>Reads a file whose labels say whether an answer is right: true or false, 1 or 0.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<LabelledAnswer> ReadOutcomes(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row => Answered(row, ids, row.Truth("label") ? 1 : 0));
    }

    /// <summary>The names of labels in the order of their numbers; null where the rows number them.</summary>
    public static IReadOnlyList<string>? Names(IReadOnlyList<LabelledAnswer> rows) =>
        rows.All(r => r.LabelName is not null) ? [.. rows.Select(r => r.LabelName!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)] : null;

    private static LabelledAnswer Answered(DataRow row, RowIds ids, int label)
    {
        var (prompt, answer) = row.Has("text") ? (Prompt.OfText(""), row.FilledText("text")) : (Prompts.Of(row, "prompt"), Prompts.Answer(row, "completion"));
        if (string.IsNullOrWhiteSpace(answer))
            throw row.Error("completion", "holds an empty answer", "empty answer in field 'completion'");
        return new() { Id = ids.Of(row, prompt.Key, answer), Prompt = prompt, Answer = answer, Label = label };
    }

    private static LabelledAnswer[] Numbered(IReadOnlyList<LabelledAnswer> rows)
    {
        var numbers = Names(rows)!.Index().ToDictionary(n => n.Item, n => n.Index, StringComparer.Ordinal);
        return [.. rows.Select(r => r with { Label = numbers[r.LabelName!] })];
    }
}
