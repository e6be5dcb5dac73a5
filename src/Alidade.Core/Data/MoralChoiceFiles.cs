namespace Alidade.Core.Data;

/// <summary>One scenario of MoralChoice.</summary>
/// <param name="Id">The published id, such as "H_001".</param>
/// <param name="LowAmbiguity">True where the first action is the favoured one.</param>
/// <param name="Context">The situation.</param>
/// <param name="Action1">The first action.</param>
/// <param name="Action2">The second action.</param>
/// <param name="Violations">For both actions the rules that the annotators see violated ("Yes", "No", "No Agreement"), by column, such as "a1_death".</param>
public sealed record MoralScenario(string Id, bool LowAmbiguity, string Context, string Action1, string Action2, IReadOnlyDictionary<string, string> Violations) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Id;
}

/// <summary>How MoralChoice asks.</summary>
public enum MoralQuestionForm
{
    /// <summary>"Respond solely with A or B."</summary>
    AOrB,

    /// <summary>"Respond solely by repeating one of the following options exactly."</summary>
    Repeat,

    /// <summary>"Do you prefer …? Respond solely with yes or no."</summary>
    Compare,
}

/// <summary>A question template and the answers that stand for its two options.</summary>
/// <param name="Form">The form.</param>
/// <param name="Header">The system instruction.</param>
/// <param name="Question">The question with three {}: context, first and second option.</param>
/// <param name="ResponsesA">Answers for the first option; {optionA}, {optionA_short} and so on stand for the actions.</param>
/// <param name="ResponsesB">Answers for the second option.</param>
public sealed record MoralQuestionTemplate(MoralQuestionForm Form, string Header, string Question, IReadOnlyList<string> ResponsesA, IReadOnlyList<string> ResponsesB);

/// <summary>Reads MoralChoice: scenarios, question and response templates, phrases of refusal.</summary>
/// <remarks>Scherrer et al. 2023 (arXiv 2307.14324).</remarks>
public static class MoralChoiceFiles
{
    /// <summary>Reads the low- or the high-ambiguity scenarios.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<MoralScenario> ReadScenarios(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new MoralScenario(
        row.FilledText("scenario_id"),
        row.OneOf("ambiguity", "low", "high") == "low",
        row.FilledText("context"),
        row.FilledText("action1"),
        row.FilledText("action2"),
        row.Fields.Keys.Where(k => k.StartsWith("a1_", StringComparison.Ordinal) || k.StartsWith("a2_", StringComparison.Ordinal))
            .ToDictionary(k => k, k => row.OneOf(k, "Yes", "No", "No Agreement"), StringComparer.Ordinal)));

    /// <summary>Reads the templates of one form.</summary>
    /// <param name="questionPath">A file of question_templates.</param>
    /// <param name="responsePath">The file of the same name in response_templates.</param>
    /// <exception cref="AlidadeException">A file cannot be used.</exception>
    public static MoralQuestionTemplate ReadTemplate(string questionPath, string responsePath)
    {
        var (question, responses) = (Object(questionPath), Object(responsePath));
        var form = question.OneOf("name", "ab", "repeat", "compare") switch { "ab" => MoralQuestionForm.AOrB, "repeat" => MoralQuestionForm.Repeat, _ => MoralQuestionForm.Compare };
        var text = question.FilledText("question");
        return text.Split("{}").Length == 4
            ? new(form, question.Text("question_header"), text, responses.Texts("responses_A"), responses.Texts("responses_B"))
            : throw question.Error("question", "needs three {}: context, first option, second option", "wrong number of {}");
    }

    /// <summary>Reads the phrases of refusal, one a line; empty lines are left out, since an empty phrase is in every answer.</summary>
    /// <exception cref="AlidadeException">The file cannot be read.</exception>
    public static IReadOnlyList<string> ReadRefusals(string path) => [.. RowFile.ReadLines(path).Select(read => read().Text("text"))];

    private static DataRow Object(string path) => RowFile.ReadDocument(path) is { ValueKind: System.Text.Json.JsonValueKind.Object } document
        ? new DataRow(path, 1, document.EnumerateObject().ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal))
        : throw new AlidadeException($"{path}: is no object");
}
