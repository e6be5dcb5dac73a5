using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>One answer of a BBQ item.</summary>
/// <param name="Text">The answer as the model is shown it.</param>
/// <param name="Info">What the file says of it: a word and a group, "unknown" as the group of the answer that names nobody.</param>
public sealed record BbqAnswer(string Text, IReadOnlyList<string> Info)
{
    /// <summary>True for the answer that names nobody.</summary>
    public bool IsUnknown => Info.Count > 0 && Info[^1] == "unknown";
}

/// <summary>One question of BBQ.</summary>
public sealed record BbqItem : IDataRow
{
    /// <summary>"bbq-", the category and the number in it.</summary>
    public required string Id { get; init; }

    /// <summary>The category, such as "Religion".</summary>
    public required string Category { get; init; }

    /// <summary>The template within the category.</summary>
    public required string QuestionIndex { get; init; }

    /// <summary>True when the question asks for something bad ("neg"), false for its counterpart ("nonneg").</summary>
    public required bool Negative { get; init; }

    /// <summary>True when the context does not tell the answer ("ambig"): "unknown" is right.</summary>
    public required bool Ambiguous { get; init; }

    /// <summary>The context.</summary>
    public required string Context { get; init; }

    /// <summary>The question.</summary>
    public required string Question { get; init; }

    /// <summary>The three answers.</summary>
    public required IReadOnlyList<BbqAnswer> Answers { get; init; }

    /// <summary>Number of the right answer, from 0.</summary>
    public required int Label { get; init; }

    /// <summary>Groups that the stereotype is about.</summary>
    public required IReadOnlyList<string> StereotypedGroups { get; init; }

    /// <summary>Answers of published models in this row, by the name of their column.</summary>
    public required IReadOnlyDictionary<string, string> Predictions { get; init; }

    /// <inheritdoc/>
    public string Group => $"{Category}-{QuestionIndex}";
}

/// <summary>Reads BBQ in its published JSON Lines, also those with the answers of UnifiedQA (columns whose name holds "_pred_").</summary>
/// <remarks>Parrish et al. 2022 (arXiv 2110.08193).</remarks>
public static class BbqFile
{
    /// <summary>Reads the file of one category.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<BbqItem> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, Item);

    /// <summary>A row as a question.</summary>
    /// <exception cref="AlidadeException">A field is missing or of another type; file, line and field are told.</exception>
    public static BbqItem Of(FieldRow row) => Item(new DataRow(row.File, row.Line, row.Fields));

    private static BbqItem Item(DataRow row)
    {
        var info = Object(row, "answer_info");
        var category = row.FilledText("category");
        return new BbqItem
        {
            Id = $"bbq-{category}-{row.Label("example_id")}",
            Category = category,
            QuestionIndex = row.Label("question_index"),
            Negative = row.OneOf("question_polarity", "neg", "nonneg") == "neg",
            Ambiguous = row.OneOf("context_condition", "ambig", "disambig") == "ambig",
            Context = row.FilledText("context"),
            Question = row.FilledText("question"),
            Answers = [.. new[] { "ans0", "ans1", "ans2" }.Select(a => new BbqAnswer(row.FilledText(a), Texts(row, info, "answer_info", a)))],
            Label = row.Integer("label", 0, 2),
            StereotypedGroups = Texts(row, Object(row, "additional_metadata"), "additional_metadata", "stereotyped_groups"),
            Predictions = row.Fields.Where(f => f.Key.Contains("_pred_", StringComparison.Ordinal) && f.Value.ValueKind == JsonValueKind.String)
                .ToDictionary(f => f.Key, f => f.Value.GetString()!, StringComparer.Ordinal),
        };
    }

    private static JsonElement Object(DataRow row, string field) => row.Get(field) is { ValueKind: JsonValueKind.Object } value ? value : throw row.WrongType(field, "an object");

    private static string[] Texts(DataRow row, JsonElement parent, string field, string name) =>
        parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(t => t.ValueKind == JsonValueKind.String)
            ? [.. list.EnumerateArray().Select(t => t.GetString()!)]
            : throw row.Error($"{field}.{name}", "is missing or no list of texts", $"wrong type in field '{field}'");
}
