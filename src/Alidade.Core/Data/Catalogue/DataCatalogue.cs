using System.Globalization;
using System.Text.Json;

namespace Alidade.Core.Data.Catalogue;

/// <summary>
/// The published benchmark files that Alidade knows: where each comes from (repository and commit), what it holds and under which licence. The data are not
/// here; a folder that holds the files under their names, with these hashes, is a data folder (<see cref="DataHome"/>).
/// </summary>
public static class DataCatalogue
{
    private static readonly Lazy<IReadOnlyList<PublishedSet>> Read = new(ReadSets);

    private static readonly Lazy<Dictionary<string, PublishedFile>> ByName = new(() => Sets.SelectMany(s => s.Files).ToDictionary(f => f.Name, StringComparer.Ordinal));

    /// <summary>All sets, area by area.</summary>
    public static IReadOnlyList<PublishedSet> Sets => Read.Value;

    /// <summary>A set by its name.</summary>
    /// <exception cref="AlidadeException">There is none; the nearest name is told.</exception>
    public static PublishedSet Set(string name) => Sets.FirstOrDefault(s => s.Name == name)
        ?? throw new AlidadeException($"the catalogue has no data set '{name}'{Suggest.Hint(name, [.. Sets.Select(s => s.Name)])}");

    /// <summary>A file by its name, such as <c>truthfulqa/original-817/TruthfulQA.csv</c>.</summary>
    /// <exception cref="AlidadeException">There is none; the nearest name is told.</exception>
    public static PublishedFile File(string name)
    {
        if (ByName.Value.TryGetValue(name, out var file))
            return file;
        // Of one set all names, of another's only the nearest: the whole list has hundreds.
        var set = Sets.FirstOrDefault(s => name.StartsWith(s.Name + "/", StringComparison.Ordinal));
        var hint = set is not null ? Suggest.Hint(name, [.. set.Files.Select(f => f.Name)])
            : Suggest.Nearest(name, ByName.Value.Keys) is { } nearest ? $" (did you mean '{nearest}'?)" : "; see: alidade data list";
        throw new AlidadeException($"the catalogue has no file '{name}'{hint}");
    }

    /// <summary>True when <see cref="File"/> knows the name.</summary>
    public static bool HasFile(string name) => ByName.Value.ContainsKey(name);

    private static IReadOnlyList<PublishedSet> ReadSets()
    {
        var files = Rows("files.tsv").Select(row => new PublishedFile
        {
            Name = row["file"],
            Rows = int.Parse(row["rows"], CultureInfo.InvariantCulture),
            Bytes = long.Parse(row["bytes"], CultureInfo.InvariantCulture),
            Sha256 = row["sha256"],
            Repository = row["repository"],
            Commit = row["commit"],
            SourcePath = row["path"],
            Licence = row["licence"],
            Form = row["rows_are"] is { Length: > 0 } form ? Named<RowForm>(form) : null,
        }).ToLookup(f => f.Set);
        return [.. Rows("sets.tsv").Select(row => new PublishedSet
        {
            Name = row["name"],
            Area = Named<DataArea>(row["area"]),
            Offensive = row["offensive"] == "yes",
            Description = row["description"],
            Notice = row["notice"] is { Length: > 0 } notice ? notice : null,
            Files = [.. files[row["name"]]],
        })];
    }

    private static T Named<T>(string name) => JsonSerializer.Deserialize<T>($"\"{name}\"", Core.Files.Json.Line)!;

    // Tables of our own: a cell holds neither tab nor line feed, and quotes mean themselves.
    private static IEnumerable<Dictionary<string, string>> Rows(string resource)
    {
        using var reader = new StreamReader(typeof(DataCatalogue).Assembly.GetManifestResourceStream("Alidade.Core.Data." + resource)!);
        var names = reader.ReadLine()!.Split('\t');
        while (reader.ReadLine() is { } line)
            yield return names.Zip(line.Split('\t')).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal);
    }
}
