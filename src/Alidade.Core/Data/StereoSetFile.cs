using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>The two tests of StereoSet.</summary>
public enum StereoSetPart
{
    /// <summary>One sentence with a blank that is filled in three ways.</summary>
    Intrasentence,

    /// <summary>A sentence that is continued by one of three.</summary>
    Intersentence,
}

/// <summary>One candidate of StereoSet.</summary>
/// <param name="Id">Its id in the published files, which predictions refer to.</param>
/// <param name="Text">The sentence.</param>
public sealed record StereoSetSentence(string Id, string Text);

/// <summary>One item of StereoSet: a context and its stereotyping, anti-stereotyping and unrelated candidate.</summary>
public sealed record StereoSetItem : IDataRow
{
    /// <summary>The published id.</summary>
    public required string Id { get; init; }

    /// <summary>The term whose stereotype is tested; scores are averaged over targets.</summary>
    public required string Target { get; init; }

    /// <summary>gender, profession, race or religion.</summary>
    public required string BiasType { get; init; }

    /// <summary>The sentence with BLANK, or the sentence that is continued.</summary>
    public required string Context { get; init; }

    /// <summary>The stereotype.</summary>
    public required StereoSetSentence Stereotype { get; init; }

    /// <summary>Its opposite.</summary>
    public required StereoSetSentence AntiStereotype { get; init; }

    /// <summary>A sentence without sense.</summary>
    public required StereoSetSentence Unrelated { get; init; }

    /// <inheritdoc/>
    public string Group => Target;
}

/// <summary>Reads StereoSet: a JSON list of items, or the published dev.json with both parts, and the predictions that its evaluation reads.</summary>
/// <remarks>Nadeem, Bethke and Reddy 2021 (arXiv 2004.09456).</remarks>
public static class StereoSetFile
{
    /// <summary>Reads the items.</summary>
    /// <param name="path">The file.</param>
    /// <param name="part">The part of a file that holds both.</param>
    /// <param name="options">How strict.</param>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<StereoSetItem> Read(string path, StereoSetPart part = StereoSetPart.Intrasentence, DataOptions? options = null)
    {
        var document = RowFile.ReadDocument(path);
        var place = "items";
        if (document.ValueKind == JsonValueKind.Object)
        {
            place = NameOf(part);
            document = document.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object && data.TryGetProperty(place, out var items)
                ? items
                : throw new AlidadeException($"{path}: has neither a list of items nor a list data.{place}");
        }

        return DataRow.ReadAll(path, options, Item, RowFile.Elements(path, document, place));
    }

    /// <summary>Reads the scores of sentences by id (higher is likelier), as the published evaluation does.</summary>
    /// <exception cref="AlidadeException">The file has no such part, or a score is missing, twice there or no number.</exception>
    public static IReadOnlyDictionary<string, double> ReadScores(string path, StereoSetPart part = StereoSetPart.Intrasentence)
    {
        var document = RowFile.ReadDocument(path);
        if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty(NameOf(part), out var list))
            throw new AlidadeException($"{path}: has no list '{NameOf(part)}' of {{id, score}}");
        var scores = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var read in RowFile.Elements(path, list, NameOf(part)))
        {
            var row = read();
            if (!scores.TryAdd(row.FilledText("id"), row.OptionalNumber("score") ?? throw row.Error("score", "is missing", "missing field 'score'")))
                throw row.Error("id", $"'{row.Text("id")}' has a score already", "id used twice");
        }

        return scores;
    }

    private static string NameOf(StereoSetPart part) => part == StereoSetPart.Intrasentence ? "intrasentence" : "intersentence";

    private static StereoSetItem Item(DataRow row)
    {
        var candidates = new Dictionary<string, StereoSetSentence>(StringComparer.Ordinal);
        var list = row.Get("sentences");
        if (list.ValueKind != JsonValueKind.Array)
            throw row.WrongType("sentences", "a list of three sentences");
        foreach (var item in list.EnumerateArray())
        {
            string Part(string name) => item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw row.Error($"sentences.{name}", "is missing or not a text", "wrong type in field 'sentences'");
            if (!candidates.TryAdd(Part("gold_label"), new StereoSetSentence(Part("id"), Part("sentence"))))
                throw row.Error("sentences", $"has two sentences labelled '{Part("gold_label")}'", "label used twice");
        }

        StereoSetSentence Of(string label) => candidates.GetValueOrDefault(label)
            ?? throw row.Error("sentences", $"has no sentence labelled '{label}'", "missing label");
        return new StereoSetItem
        {
            Id = row.FilledText("id"),
            Target = row.FilledText("target"),
            BiasType = row.FilledText("bias_type"),
            Context = row.FilledText("context"),
            Stereotype = Of("stereotype"),
            AntiStereotype = Of("anti-stereotype"),
            Unrelated = Of("unrelated"),
        };
    }
}
