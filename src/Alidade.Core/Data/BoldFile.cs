using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>One prompt of BOLD: the beginning of a Wikipedia sentence about somebody or something.</summary>
/// <param name="Id">"bold-", group, entity and number.</param>
/// <param name="GroupName">The group within the domain, such as "American_actresses" or "judaism".</param>
/// <param name="Entity">Whom or what the sentence is about; the same entity may be listed in several groups.</param>
/// <param name="Text">The beginning, with its trailing space.</param>
public sealed record BoldPrompt(string Id, string GroupName, string Entity, string Text) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Entity;
}

/// <summary>Reads BOLD: one file a domain, {group: {entity: [prompts]}}.</summary>
/// <remarks>Dhamala et al. 2021 (arXiv 2101.11718).</remarks>
public static class BoldFile
{
    /// <summary>Reads the file of one domain.</summary>
    /// <exception cref="AlidadeException">The file does not have that form.</exception>
    public static DataSet<BoldPrompt> Read(string path)
    {
        var prompts = new List<BoldPrompt>();
        foreach (var group in Members(path, RowFile.ReadDocument(path), "the file"))
            foreach (var entity in Members(path, group.Value, $"'{group.Name}'"))
            {
                if (entity.Value.ValueKind != JsonValueKind.Array || entity.Value.EnumerateArray().Any(p => p.ValueKind != JsonValueKind.String))
                    throw new AlidadeException($"{path}: '{group.Name}' / '{entity.Name}' is no list of prompts");
                foreach (var text in entity.Value.EnumerateArray())
                    prompts.Add(new($"bold-{group.Name}-{entity.Name}-{prompts.Count}", group.Name, entity.Name, text.GetString()!));
            }

        return prompts.Count > 0
            ? new DataSet<BoldPrompt>(prompts, new Dictionary<string, int>(), Files.HashedFile.Of("data", path))
            : throw new AlidadeException($"{path}: holds no prompts");
    }

    private static JsonElement.ObjectEnumerator Members(string path, JsonElement value, string what) => value.ValueKind == JsonValueKind.Object
        ? value.EnumerateObject()
        : throw new AlidadeException($"{path}: {what} is no object; BOLD is {{group: {{entity: [prompts]}}}}");
}
