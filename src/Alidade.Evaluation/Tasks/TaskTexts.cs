using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;

namespace Alidade.Evaluation.Tasks;

/// <summary>The right answer of an item.</summary>
/// <param name="Indices">Numbers of right choices; empty where the answer is none of the choices.</param>
/// <param name="Texts">Right texts, at least one.</param>
/// <param name="Raw">The answer as the template gave it.</param>
internal sealed record Gold(IReadOnlyList<int> Indices, IReadOnlyList<string> Texts, string Raw);

/// <summary>The texts of a task for one row.</summary>
/// <param name="Prompt">What stands before the answer.</param>
/// <param name="Choices">The choices; those of the beginnings where these are chosen from.</param>
/// <param name="Continuation">What follows each beginning; null where continuations are chosen from.</param>
/// <param name="Gold">The right answer; null where the task has none.</param>
/// <param name="Prefix">Beginning of the answer.</param>
internal sealed record DocumentTexts(string Prompt, IReadOnlyList<string> Choices, string? Continuation, Gold? Gold, string? Prefix)
{
    /// <summary>The answer as an example shows it.</summary>
    public string Shown => Continuation ?? (Gold is null ? "" : Choices.Count > 0 && Gold.Indices.Count > 0 ? Choices[Gold.Indices[0]] : Gold.Texts[0]);
}

/// <summary>The templates of a task file.</summary>
internal sealed partial class TaskTexts
{
    private readonly TaskFile file;
    private readonly TextTemplate prompt;
    private readonly TextTemplate[] choices;
    private readonly TextTemplate? continuation;
    private readonly TextTemplate? answer;
    private readonly TextTemplate? description;
    private readonly TextTemplate? prefix;
    private readonly TextTemplate? counted;
    private readonly TextTemplate? cluster;

    /// <exception cref="AlidadeException">A template does not parse.</exception>
    public TaskTexts(TaskFile file)
    {
        this.file = file;
        static TextTemplate? Optional(string? source, string key) => source is null ? null : TextTemplate.Parse(source, key);
        prompt = TextTemplate.Parse(file.Prompt, "prompt");
        choices = [.. file.Choices.Select(c => TextTemplate.Parse(c, "choices")), .. file.Contexts.Select(c => TextTemplate.Parse(c, "contexts"))];
        continuation = Optional(file.Continuation, "continuation");
        answer = Optional(file.Answer, "answer");
        description = Optional(file.Description, "description");
        prefix = Optional(file.Prefix, "prefix");
        counted = Optional(file.Counted, "counted");
        cluster = Optional(file.Cluster, "cluster");
    }

    public DocumentTexts Of(FieldRow row)
    {
        var all = Choices(row);
        return new(
            Text(prompt, row),
            all,
            continuation is null ? null : Text(continuation, row),
            answer is null ? null : GoldOf(Value(answer, row), all),
            prefix is null ? null : Text(prefix, row));
    }

    public string Description(FieldRow row) => description is null ? "" : Text(description, row);

    public string? Cluster(FieldRow row) => cluster is null ? null : Text(cluster, row);

    /// <summary>The text whose words and bytes count.</summary>
    public string Counted(FieldRow row, string scored) => counted is null ? scored : Text(counted, row);

    /// <summary>A template's text for a row; what fails is told with the row and its fields.</summary>
    public static string Text(TextTemplate template, FieldRow row) => Told(row, () => template.Render(row.Fields));

    /// <summary>A template's value for a row.</summary>
    public static JsonNode? Value(TextTemplate template, FieldRow row) => Told(row, () => template.Value(row.Fields));

    /// <summary>A list of texts.</summary>
    public static IReadOnlyList<string> List(TextTemplate template, FieldRow row) => Value(template, row) is JsonArray list
        ? [.. list.Select(AsText)]
        : throw new AlidadeException($"{row.Place}: the template '{template.Source}' gives no list");

    private IReadOnlyList<string> Choices(FieldRow row)
    {
        IReadOnlyList<string> all = choices.Length == 1 ? List(choices[0], row) : [.. choices.Select(c => Text(c, row))];
        return file.Kind != TaskKind.MultipleChoice || all.Count >= 2 ? all
            : throw new AlidadeException($"{row.Place}: has {all.Count} choice{(all.Count == 1 ? "" : "s")}; at least 2 are needed");
    }

    private static Gold GoldOf(JsonNode? value, IReadOnlyList<string> choices)
    {
        var all = value is JsonArray list ? list.Select(AsText).ToArray() : [AsText(value)];
        int[] indices = choices.Count == 0 ? [] : [.. all.Select(a => IndexOf(a, choices)).Where(i => i >= 0)];
        return new(indices, choices.Count > 0 && indices.Length > 0 ? [.. indices.Select(i => choices[i])] : all, all.Length == 1 ? all[0] : "[" + string.Join(", ", all) + "]");
    }

    private static int IndexOf(string answer, IReadOnlyList<string> choices) =>
        answer.Length is > 0 and < 9 && answer.All(char.IsAsciiDigit) ? int.Parse(answer, System.Globalization.CultureInfo.InvariantCulture) is var index && index < choices.Count ? index : -1
        : choices.ToList().IndexOf(answer);

    private static string AsText(JsonNode? node) => node is null ? "" : node.GetValueKind() switch
    {
        System.Text.Json.JsonValueKind.String => node.GetValue<string>(),
        System.Text.Json.JsonValueKind.True => "1",
        System.Text.Json.JsonValueKind.False => "0",
        _ => node.ToJsonString(),
    };

    private static T Told<T>(FieldRow row, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (AlidadeException exception)
        {
            var hint = Missing().Match(exception.Message) is { Success: true } missing ? Suggest.Hint(missing.Groups[1].Value, [.. row.Fields.Keys.Where(k => k.Length > 0)]).Replace("(known:", "(the row has:", StringComparison.Ordinal) : "";
            throw new AlidadeException($"{row.Place}: {exception.Message}{hint}", exception);
        }
    }

    [GeneratedRegex("'(\\w+)' is undefined")]
    private static partial Regex Missing();
}
