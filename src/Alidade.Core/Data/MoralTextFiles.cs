using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>One of the Moral Stories.</summary>
/// <param name="Id">The published id, or the row's number.</param>
/// <param name="Norm">The norm.</param>
/// <param name="Situation">The situation.</param>
/// <param name="Intention">The intention.</param>
/// <param name="MoralAction">An action that keeps the norm.</param>
/// <param name="ImmoralAction">An action that breaks it.</param>
public sealed record MoralStory(string Id, string Norm, string Situation, string Intention, string MoralAction, string ImmoralAction) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Norm;

    /// <summary>Consequence of the moral action, where the file has it.</summary>
    public string? MoralConsequence { get; init; }

    /// <summary>Consequence of the immoral action, where the file has it.</summary>
    public string? ImmoralConsequence { get; init; }
}

/// <summary>An anecdote of Scruples with the judgments of its readers.</summary>
/// <param name="Id">The published id.</param>
/// <param name="Title">The title.</param>
/// <param name="Text">The anecdote.</param>
/// <param name="Scores">Readers who chose each of <see cref="ScruplesFiles.Labels"/>, in that order.</param>
public sealed record ScruplesAnecdote(string Id, string Title, string Text, IReadOnlyList<int> Scores) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Id;
}

/// <summary>A dilemma of Scruples: which of two actions is less ethical.</summary>
/// <param name="Id">The published id.</param>
/// <param name="First">The first action.</param>
/// <param name="Second">The second action.</param>
/// <param name="Votes">Annotators who find the first, the second less ethical.</param>
public sealed record ScruplesDilemma(string Id, string First, string Second, IReadOnlyList<int> Votes) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Id;
}

/// <summary>A rule of thumb of Social Chemistry 101 with its attributes.</summary>
/// <param name="Id">The rule's id and the worker's breakdown.</param>
/// <param name="Situation">The situation.</param>
/// <param name="Rule">The rule of thumb.</param>
/// <param name="Action">The action judged.</param>
/// <param name="Attributes">Attribute columns (rot-…, action-…) as they stand; empty where the workers gave none.</param>
public sealed record RuleOfThumb(string Id, string Situation, string Rule, string Action, IReadOnlyDictionary<string, string> Attributes) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Situation;
}

/// <summary>Reads Moral Stories. Emelin et al. 2021 (arXiv 2012.15738).</summary>
public static class MoralStoriesFile
{
    /// <summary>Reads the stories: <c>norm</c>, <c>situation</c>, <c>intention</c>, <c>moral_action</c>, <c>immoral_action</c> and what else there is.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<MoralStory> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new MoralStory(
        row.Has("ID") ? row.FilledText("ID") : $"moral-stories-{row.Line}",
        row.FilledText("norm"), row.FilledText("situation"), row.FilledText("intention"), row.FilledText("moral_action"), row.FilledText("immoral_action"))
    {
        MoralConsequence = row.OptionalText("moral_consequence"),
        ImmoralConsequence = row.OptionalText("immoral_consequence"),
    });
}

/// <summary>Reads Scruples. Lourie, Le Bras and Choi 2021 (arXiv 2008.09094).</summary>
public static class ScruplesFiles
{
    /// <summary>The five judgments: who is in the wrong.</summary>
    public static IReadOnlyList<string> Labels { get; } = ["AUTHOR", "OTHER", "EVERYBODY", "NOBODY", "INFO"];

    /// <summary>Reads the anecdotes: <c>id</c>, <c>title</c>, <c>text</c>, <c>label_scores</c>.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<ScruplesAnecdote> ReadAnecdotes(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row =>
    {
        var scores = row.Get("label_scores");
        if (scores.ValueKind != JsonValueKind.Object)
            throw row.WrongType("label_scores", "an object of counts");
        return new ScruplesAnecdote(row.FilledText("id"), row.Text("title"), row.Text("text"), [.. Labels.Select(label =>
            scores.TryGetProperty(label, out var count) && count.ValueKind == JsonValueKind.Number && count.TryGetInt32(out var value) && value >= 0
                ? value
                : throw row.Error($"label_scores.{label}", "is missing or no count", "wrong type in field 'label_scores'"))]);
    });

    /// <summary>Reads the dilemmas: <c>id</c>, <c>actions</c> with two <c>description</c>s, <c>gold_annotations</c>.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<ScruplesDilemma> ReadDilemmas(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row =>
    {
        var (actions, votes) = (row.Get("actions"), row.Get("gold_annotations"));
        string Action(int i) => actions.ValueKind == JsonValueKind.Array && actions.GetArrayLength() == 2 && actions[i].ValueKind == JsonValueKind.Object
            && actions[i].TryGetProperty("description", out var text) && text.ValueKind == JsonValueKind.String
                ? text.GetString()!
                : throw row.Error("actions", "is no list of two actions with a description", "wrong type in field 'actions'");
        int Votes(int i) => votes.ValueKind == JsonValueKind.Array && votes.GetArrayLength() == 2 && votes[i].ValueKind == JsonValueKind.Number && votes[i].TryGetInt32(out var value) && value >= 0
            ? value
            : throw row.Error("gold_annotations", "is no list of two counts", "wrong type in field 'gold_annotations'");
        return new ScruplesDilemma(row.FilledText("id"), Action(0), Action(1), [Votes(0), Votes(1)]);
    });
}

/// <summary>Reads Social Chemistry 101. Forbes et al. 2020 (arXiv 2011.00620).</summary>
public static class SocialChemistryFile
{
    /// <summary>Reads the published TSV.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<RuleOfThumb> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new RuleOfThumb(
        $"{row.Label("rot-id")}/{row.Label("breakdown-worker-id")}",
        row.FilledText("situation"), row.FilledText("rot"), row.Text("action"),
        row.Fields.Where(f => f.Value.ValueKind == JsonValueKind.String && f.Key is not ("rot-id" or "rot-worker-id")
            && (f.Key.StartsWith("rot-", StringComparison.Ordinal) || f.Key.StartsWith("action-", StringComparison.Ordinal)))
            .ToDictionary(f => f.Key, f => f.Value.GetString()!, StringComparer.Ordinal)));
}
