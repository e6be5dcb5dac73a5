using System.Globalization;
using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>A question of MT-bench: one or two turns of a user.</summary>
/// <param name="Id">"mt-bench-" and the number of the question.</param>
/// <param name="Category">One of eight, such as "math"; the older single-turn questions have others.</param>
/// <param name="Turns">What the user says.</param>
/// <param name="References">Reference answers, one a turn; empty when there are none.</param>
public sealed record MtBenchQuestion(string Id, string Category, IReadOnlyList<string> Turns, IReadOnlyList<string> References) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Turns[0];
}

/// <summary>How a judge prompt of MT-bench judges.</summary>
public enum MtBenchPromptType
{
    /// <summary>One answer is rated.</summary>
    Single,

    /// <summary>Two answers are compared.</summary>
    Pairwise,
}

/// <summary>A judge prompt of MT-bench's file.</summary>
/// <param name="Id">Its name, such as "single-math-v1-multi-turn".</param>
/// <param name="Type">Rating or comparison.</param>
/// <param name="System">System text.</param>
/// <param name="Template">User's text with places {question}, {answer}, {ref_answer_1} and so on.</param>
public sealed record MtBenchPrompt(string Id, MtBenchPromptType Type, string System, string Template) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Id;
}

/// <summary>Reads MT-bench's files as FastChat has them: questions, reference answers, judge prompts.</summary>
/// <remarks>Zheng et al. 2023 (arXiv 2306.05685), github.com/lm-sys/FastChat.</remarks>
public static class MtBenchFile
{
    /// <summary>Reads the questions and, where given, the reference answers. FastChat judges with the latter alone (math, reasoning, coding), so they replace those inside the questions.</summary>
    /// <param name="path"><c>question.jsonl</c>.</param>
    /// <param name="references"><c>reference_answer/gpt-4.jsonl</c>; null for none.</param>
    /// <param name="options">How strict.</param>
    /// <exception cref="AlidadeException">A file or a row cannot be used, or the references name a question that is not there.</exception>
    public static DataSet<MtBenchQuestion> Read(string path, string? references = null, DataOptions? options = null)
    {
        var questions = DataRow.ReadAll(path, options, row => new MtBenchQuestion(
            IdOf(row), row.FilledText("category"), row.Texts("turns") is { Count: > 0 } turns ? turns : throw row.Error("turns", "is an empty list", "no turns"),
            row.Has("reference") ? row.Texts("reference") : []));
        if (references is null)
            return questions;
        var answers = ReadAnswers(references, options);
        if (answers.Keys.Except(questions.Rows.Select(q => q.Id), StringComparer.Ordinal).FirstOrDefault() is { } lost)
            throw new AlidadeException($"{references}: answers '{lost}', which {path} does not ask");
        return questions with { Rows = [.. questions.Rows.Select(q => q with { References = answers.GetValueOrDefault(q.Id, []) })] };
    }

    /// <summary>Reads a model's answers (<c>question_id</c>, <c>choices[0].turns</c>).</summary>
    /// <returns>Answers, one a turn, by the question's id.</returns>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> ReadAnswers(string path, DataOptions? options = null) =>
        DataRow.ReadAll(path, options, row => new Answers(IdOf(row), TurnsOf(row))).Rows.ToDictionary(r => r.Id, r => r.Turns, StringComparer.Ordinal);

    /// <summary>Reads <c>judge_prompts.jsonl</c>.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<MtBenchPrompt> ReadPrompts(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new MtBenchPrompt(
        row.FilledText("name"),
        row.OneOf("type", "single", "pairwise") == "single" ? MtBenchPromptType.Single : MtBenchPromptType.Pairwise,
        row.OptionalText("system_prompt") ?? "",
        row.FilledText("prompt_template")));

    private static string IdOf(DataRow row) =>
        row.OptionalNumber("question_id") is { } number ? string.Create(CultureInfo.InvariantCulture, $"mt-bench-{number}") : throw row.Error("question_id", "is missing", "missing field 'question_id'");

    // choices: [{ index, turns: [text, …] }], of which the first counts.
    private static IReadOnlyList<string> TurnsOf(DataRow row)
    {
        var choices = row.Get("choices");
        if (choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0 || choices[0].ValueKind != JsonValueKind.Object)
            throw row.WrongType("choices", "a list of {index, turns}");
        return (row with { Fields = choices[0].EnumerateObject().ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal) }).Texts("turns");
    }

    private sealed record Answers(string Id, IReadOnlyList<string> Turns) : IDataRow
    {
        public string Group => Id;
    }
}
