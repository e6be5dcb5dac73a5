using Alidade.Core.Files;

namespace Alidade.Core.Data;

/// <summary>Two answers to one prompt, of which people prefer the first.</summary>
public sealed record PreferencePair : IDataRow
{
    /// <summary>The row's <c>id</c> field, else a hash of its content.</summary>
    public required string Id { get; init; }

    /// <summary>What both answer.</summary>
    public required Prompt Prompt { get; init; }

    /// <summary>The preferred answer.</summary>
    public required string Chosen { get; init; }

    /// <summary>The other answer.</summary>
    public required string Rejected { get; init; }

    /// <summary>By how much it is preferred, where the data say so.</summary>
    public double? Margin { get; init; }

    /// <summary>How probable it is that it wins, where the data say so (field <c>win_probability</c>).</summary>
    public double? WinProbability { get; init; }

    /// <summary>A score of the preferred answer, where the data say so (field <c>chosen_score</c> or <c>score_chosen</c>).</summary>
    public double? ChosenScore { get; init; }

    /// <summary>The same of the other answer (field <c>rejected_score</c> or <c>score_rejected</c>).</summary>
    public double? RejectedScore { get; init; }

    /// <summary>True where neither answer is better (field <c>tie</c>); null where the data do not say.</summary>
    public bool? Tie { get; init; }

    /// <inheritdoc/>
    public string Group => Prompt.Key;
}

/// <summary>How a preference file is laid out.</summary>
public enum PreferenceFormat
{
    /// <summary>Told from the first row: a field <c>prompt</c> means explicit, a dialogue "Human: … Assistant: …" means HH, else implicit.</summary>
    Auto,

    /// <summary>{prompt, chosen, rejected}: texts or lists of messages.</summary>
    ExplicitPrompt,

    /// <summary>{chosen, rejected}: both begin with the prompt.</summary>
    ImplicitPrompt,

    /// <summary>{chosen, rejected}: whole dialogues "\n\nHuman: … \n\nAssistant: …" (Anthropic's HH).</summary>
    HumanAssistant,
}

/// <summary>
/// Reads preference pairs from JSON Lines, JSON or CSV. A broken row, an empty answer and equal answers are errors that name file, line and field, or are counted
/// (<see cref="DataOptions.DropInvalidRows"/>), and so is a pair that lacks a number which the first has, or the reverse; dialogues of the HH format whose prompts differ are
/// always left out and counted, since neither is the right one.
/// </summary>
/// <remarks>Row types as TRL 1.16 names them ("Dataset formats and types", preference).</remarks>
public static class PreferenceFile
{
    // What objectives may read of a pair besides its texts, by the names of its field: a file gives it for all pairs or for none.
    private static readonly string[][] Numbers = [["margin"], ["win_probability"], ["chosen_score", "score_chosen"], ["rejected_score", "score_rejected"], ["tie"]];

    /// <summary>Reads a file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<PreferencePair> Read(string path, PreferenceFormat format = PreferenceFormat.Auto, DataOptions? options = null) =>
        DataRow.ReadAll(path, options, Reader(format));

    /// <summary>Makes pairs of rows; one reader for the rows of one file.</summary>
    internal static Func<DataRow, PreferencePair> Reader(PreferenceFormat format)
    {
        var copies = new RowIds();
        bool[]? carried = null;
        return row =>
        {
            if (format == PreferenceFormat.Auto)
                format = FormatOf(row);
            var (prompt, chosen, rejected) = format switch
            {
                PreferenceFormat.ExplicitPrompt => Explicit(row),
                PreferenceFormat.HumanAssistant => Dialogue(row),
                _ => Implicit(row),
            };
            Check(row, chosen, rejected);
            CheckNumbers(row, carried ??= [.. Numbers.Select(n => n.Any(row.Has))]);
            return new PreferencePair
            {
                Id = copies.Of(row, prompt.Key, chosen, rejected),
                Prompt = prompt,
                Chosen = chosen,
                Rejected = rejected,
                Margin = row.OptionalNumber("margin"),
                WinProbability = row.OptionalProbability("win_probability"),
                ChosenScore = row.OptionalNumber("chosen_score") ?? row.OptionalNumber("score_chosen"),
                RejectedScore = row.OptionalNumber("rejected_score") ?? row.OptionalNumber("score_rejected"),
                Tie = row.Has("tie") ? row.Truth("tie") : null,
            };
        };
    }

    /// <summary>
    /// Splits two texts with a common beginning into prompt and answers: the longest common prefix; a final space goes to the answers, where tokenizers want it.
    /// </summary>
    /// <remarks>TRL's <c>extract_prompt</c>, but for texts of which one begins the other: TRL leaves the last common character to the answers, here the prompt is
    /// the whole common text.</remarks>
    public static (string Prompt, string Chosen, string Rejected) SplitPrompt(string chosen, string rejected)
    {
        var end = chosen.AsSpan().CommonPrefixLength(rejected);
        var differs = end < chosen.Length && end < rejected.Length;
        if (end > 0 && char.IsHighSurrogate(chosen[end - 1]))
            end--;
        if (differs && end > 0 && chosen[end - 1] == ' ')
            end--;
        return (chosen[..end], chosen[end..], rejected[end..]);
    }

    private static PreferenceFormat FormatOf(DataRow row) =>
        row.Has("prompt") ? PreferenceFormat.ExplicitPrompt
        : row.Has("chosen") && row.Get("chosen").ValueKind == System.Text.Json.JsonValueKind.String && HumanAssistantDialogue.Looks(row.Text("chosen")) ? PreferenceFormat.HumanAssistant
        : PreferenceFormat.ImplicitPrompt;

    private static (Prompt Prompt, string Chosen, string Rejected) Explicit(DataRow row) => (Prompts.Of(row, "prompt"), Prompts.Answer(row, "chosen"), Prompts.Answer(row, "rejected"));

    private static (Prompt Prompt, string Chosen, string Rejected) Implicit(DataRow row)
    {
        if (row.Get("chosen").ValueKind != System.Text.Json.JsonValueKind.Array)
        {
            var (text, chosen, rejected) = SplitPrompt(row.Text("chosen"), row.Text("rejected"));
            return (Prompt.OfText(text), chosen, rejected);
        }

        IReadOnlyList<Message> first = row.Messages("chosen"), second = row.Messages("rejected");
        var common = first.Zip(second).TakeWhile(p => p.First == p.Second).Count();
        if (common == first.Count && common == second.Count)
            throw EqualAnswers(row);
        return (Prompt.OfMessages([.. first.Take(common)]), Prompts.Answer(row, "chosen", first, common), Prompts.Answer(row, "rejected", second, common));
    }

    private static (Prompt Prompt, string Chosen, string Rejected) Dialogue(DataRow row)
    {
        IReadOnlyList<Message> first = HumanAssistantDialogue.Parse(row, "chosen"), second = HumanAssistantDialogue.Parse(row, "rejected");
        if (!first.SkipLast(1).SequenceEqual(second.SkipLast(1)))
            throw row.Error("rejected", "has another prompt than 'chosen'", "the prompts of chosen and rejected differ", always: true);
        return (Prompt.OfMessages([.. first.SkipLast(1)]), first[^1].Content, second[^1].Content);
    }

    private static void Check(DataRow row, string chosen, string rejected)
    {
        if (string.IsNullOrWhiteSpace(chosen))
            throw row.Error("chosen", "holds an empty answer", "empty answer in field 'chosen'");
        if (string.IsNullOrWhiteSpace(rejected))
            throw row.Error("rejected", "holds an empty answer", "empty answer in field 'rejected'");
        if (chosen == rejected)
            throw EqualAnswers(row);
    }

    private static void CheckNumbers(DataRow row, bool[] carried)
    {
        foreach (var (names, wanted) in Numbers.Zip(carried))
            if (names.Any(row.Has) != wanted)
                throw row.Error(names[0], $"is {(wanted ? "missing, while pairs before have it" : "here, while pairs before lack it")}; give it for all pairs of a file or for none", $"field '{names[0]}' in some pairs only");
    }

    private static DataRowException EqualAnswers(DataRow row) => row.Error("rejected", "equals 'chosen': there is nothing to prefer", "equal answers");
}

/// <summary>Ids of rows: the field <c>id</c>, else a hash of the content; copies of a row without an id are numbered.</summary>
internal sealed class RowIds
{
    private readonly Dictionary<string, int> seen = new(StringComparer.Ordinal);

    public string Of(DataRow row, params string[] content)
    {
        if (row.Has("id"))
            return row.Get("id") is { ValueKind: System.Text.Json.JsonValueKind.Number } number ? number.GetRawText() : row.FilledText("id");
        // Lengths stand before the texts, so that no two different contents run together.
        var hash = ContentHash.OfBytes(System.Text.Encoding.UTF8.GetBytes(string.Concat(content.Select(c => $"{c.Length}:{c}"))))[..16];
        var copy = seen[hash] = seen.GetValueOrDefault(hash) + 1;
        return copy == 1 ? hash : $"{hash}-{copy}";
    }
}
