using System.Text.Json;
using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation.Bias;
using Alidade.Evaluation.Ethics;
using Alidade.Evaluation.Factuality;

namespace Alidade.Evaluation.Tasks;

/// <summary>What a few tasks do to their rows and templates cannot say; each adds fields to a row.</summary>
/// <remarks>The <c>process_docs</c> and <c>doc_to_text</c> functions of lm-evaluation-harness 0.4.13.</remarks>
internal static partial class Preparations
{
    private static readonly Dictionary<string, Func<FieldRow, Dictionary<string, object>>> All = new(StringComparer.Ordinal)
    {
        ["bbq"] = row =>
        {
            var question = new BbqHarness(BbqFile.Of(row));
            return new() { ["choices"] = question.Choices, ["right"] = Enumerable.Range(0, question.Choices.Count).First(i => question.Outcome(i).Correct) };
        },
        ["ethics_utilitarianism"] = row =>
        {
            var question = EthicsQuestion.Of(new UtilityPair(row.Id, Text(row, "1"), Text(row, "2")));
            return new() { ["query"] = question.Question, ["label"] = question.Label };
        },
        ["hellaswag"] = row => new()
        {
            ["query"] = WithoutMarks($"{Text(row, "activity_label")}: {Text(row, "ctx_a")} {PythonText.Capitalize(Text(row, "ctx_b"))}"),
            ["choices"] = Texts(row, "endings").Select(WithoutMarks).ToArray(),
        },
        ["truthfulqa"] = row => new()
        {
            ["before"] = TruthfulQaPrimer.Before(Text(row, "Question")),
            ["best"] = Text(row, "Best Answer").Trim(),
            ["correct"] = Listed(Text(row, "Correct Answers")),
            ["incorrect"] = Listed(Text(row, "Incorrect Answers")),
        },
        ["wikitext"] = row => new() { ["detokenised"] = WikiText.Detokenise(Text(row, "page")) },
    };

    /// <summary>Their names.</summary>
    public static IReadOnlyCollection<string> Names => All.Keys;

    /// <summary>The row with the fields that a preparation adds.</summary>
    /// <exception cref="AlidadeException">A field is missing or of the wrong type.</exception>
    public static FieldRow Apply(string name, FieldRow row)
    {
        var fields = row.Fields.ToDictionary(StringComparer.Ordinal);
        foreach (var (field, value) in All[name](row))
            fields[field] = JsonSerializer.SerializeToElement(value);
        return row with { Fields = fields };
    }

    private static string Text(FieldRow row, string field) => row.Fields.TryGetValue(field, out var value) && value.ValueKind == JsonValueKind.String
        ? value.GetString()!
        : throw new AlidadeException($"{row.Place}: field '{field}' is missing or no text{Suggest.Hint(field, [.. row.Fields.Keys])}");

    private static IEnumerable<string> Texts(FieldRow row, string field) => row.Fields.TryGetValue(field, out var value) && value.ValueKind == JsonValueKind.Array
        ? value.EnumerateArray().Select(t => t.ToString())
        : throw new AlidadeException($"{row.Place}: field '{field}' is missing or no list{Suggest.Hint(field, [.. row.Fields.Keys])}");

    private static string[] Listed(string answers) => answers.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    // Square brackets are left over from WikiHow's pages.
    private static string WithoutMarks(string text) =>
        Bracketed().Replace(PythonText.Strip(text).Replace(" [title]", ". ", StringComparison.Ordinal), "").Replace("  ", " ", StringComparison.Ordinal);

    [GeneratedRegex(@"\[.*?\]")]
    private static partial Regex Bracketed();
}
