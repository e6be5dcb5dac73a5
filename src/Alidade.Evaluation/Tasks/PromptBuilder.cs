using Alidade.Core;
using Alidade.Core.Data;

namespace Alidade.Evaluation.Tasks;

/// <summary>Puts description, examples and question together, as plain text or as a conversation.</summary>
/// <remarks>lm-evaluation-harness 0.4.13, <c>ConfigurableTask.fewshot_context</c> and <c>build_qa_turn</c>.</remarks>
/// <param name="file">The task.</param>
/// <param name="texts">Its templates.</param>
/// <param name="inChat">True for a conversation.</param>
internal sealed class PromptBuilder(TaskFile file, TaskTexts texts, bool inChat)
{
    /// <summary>What stands before the answer: one prompt, or one for each beginning to choose from.</summary>
    public IReadOnlyList<Prompt> Of(FieldRow row, DocumentTexts document, IReadOnlyList<FieldRow> examples)
    {
        List<Turn> before = [];
        if (Joined(file.System, texts.Description(row), file.Examples.Separator) is { Length: > 0 } system)
            before.Add(new("system", system, ""));
        foreach (var example in examples)
        {
            var shown = texts.Of(example);
            before.AddRange(Turns(document.Continuation is null ? shown.Prompt : shown.Choices[Right(example, shown)], shown.Prefix, shown.Shown, file.Delimiter));
        }

        IReadOnlyList<string> questions = document.Continuation is null ? [document.Prompt] : document.Choices;
        return [.. questions.Select(q => Whole([.. before, .. Turns(q, document.Prefix, null, document.Continuation is null ? file.Delimiter : "")]))];
    }

    /// <summary>What stands between the prompt and a choice.</summary>
    public string ChoiceDelimiter => !inChat || (file.Prefix is { Length: > 0 } prefix && !PythonText.IsSpace(prefix[^1])) ? file.Delimiter : "";

    // A question, and the answer or the beginning of one.
    private IEnumerable<Turn> Turns(string question, string? prefix, string? answer, string delimiter)
    {
        if (answer is { Length: > 0 })
        {
            yield return new("user", question, string.IsNullOrEmpty(prefix) || NeedsDelimiter(question, prefix) ? delimiter : "");
            yield return new("assistant", Joined(prefix, answer, " "), file.Examples.Separator);
        }
        else if (prefix is { Length: > 0 })
        {
            yield return new("user", question, NeedsDelimiter(question, prefix) ? delimiter : "");
            yield return new("assistant", prefix, "");
        }
        else
        {
            yield return new("user", question, "");
        }
    }

    private Prompt Whole(IReadOnlyList<Turn> turns) => !inChat ? Prompt.OfText(Text(turns))
        : Prompt.OfMessages([.. (file.Examples.AsTurns ? turns : Folded(turns)).Select(t => new Message(t.Role, t.Content))]);

    // Everything between the system message and the beginning of the answer as one message.
    private static IReadOnlyList<Turn> Folded(IReadOnlyList<Turn> turns)
    {
        Turn[] system = turns[0].Role == "system" ? [turns[0]] : [], open = turns[^1].Role == "assistant" ? [turns[^1]] : [];
        Turn[] between = [.. turns.Skip(system.Length).SkipLast(open.Length)];
        between[^1] = between[^1] with { Delimiter = "" };
        return [.. system, new("user", Text(between), ""), .. open];
    }

    private static string Text(IReadOnlyList<Turn> turns) => string.Concat(turns.Select(t => t.Content + t.Delimiter));

    private static int Right(FieldRow row, DocumentTexts shown) => shown.Gold is { Indices: [var index, ..] } ? index
        : throw new AlidadeException($"{row.Place}: as an example it needs an 'answer' that is the number of one of its contexts");

    private static string Joined(string? first, string? second, string delimiter) =>
        string.IsNullOrEmpty(first) ? second ?? "" : string.IsNullOrEmpty(second) ? first : NeedsDelimiter(first, second) ? first + delimiter + second : first + second;

    private static bool NeedsDelimiter(string first, string second) => first.Length > 0 && !PythonText.IsSpace(first[^1]) && !PythonText.IsSpace(second[0]);

    private readonly record struct Turn(string Role, string Content, string Delimiter);
}
