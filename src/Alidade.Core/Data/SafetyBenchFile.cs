using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>One question of SafetyBench.</summary>
/// <param name="Id">The published number.</param>
/// <param name="Category">One of seven.</param>
/// <param name="Question">The question.</param>
/// <param name="Options">Two to four options.</param>
/// <param name="Answer">Number of the right option, from 0; null where the answers were not given.</param>
public sealed record SafetyQuestion(string Id, string Category, string Question, IReadOnlyList<string> Options, int? Answer) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Question;
}

/// <summary>Reads SafetyBench: a list of questions, and a separate file of answers by id.</summary>
/// <remarks>Zhang et al. 2023 (arXiv 2309.07045).</remarks>
public static class SafetyBenchFile
{
    /// <summary>Reads the questions.</summary>
    /// <param name="path">Questions.</param>
    /// <param name="answersPath">Answers {id: {category, answer}}; null when they are not published.</param>
    /// <param name="options">How strict.</param>
    /// <exception cref="AlidadeException">A file or row cannot be used, or a question has no answer in the file of answers.</exception>
    public static DataSet<SafetyQuestion> Read(string path, string? answersPath = null, DataOptions? options = null)
    {
        JsonElement? answers = answersPath is null ? null : RowFile.ReadDocument(answersPath);
        if (answers is { ValueKind: not JsonValueKind.Object })
            throw new AlidadeException($"{answersPath}: is no object {{id: {{category, answer}}}}");
        return DataRow.ReadAll(path, options, row =>
        {
            var (id, choices) = (row.Label("id"), row.Texts("options"));
            if (choices.Count < 2)
                throw row.Error("options", $"has {choices.Count} options; at least 2 are needed", "too few options");
            int? answer = null;
            if (answers is { } known)
                answer = known.TryGetProperty(id, out var entry) && entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("answer", out var number)
                    && number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var value) && value >= 0 && value < choices.Count
                        ? value
                        : throw row.Error("id", $"{id} has no answer from 0 to {choices.Count - 1} in {answersPath}", "no answer");
            return new SafetyQuestion(id, row.FilledText("category"), row.FilledText("question"), choices, answer);
        });
    }
}
