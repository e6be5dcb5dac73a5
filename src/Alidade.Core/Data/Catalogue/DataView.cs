namespace Alidade.Core.Data.Catalogue;

/// <summary>What a published set, a published file or a file of one's own holds.</summary>
/// <param name="Set">The set that was named, or to which the file belongs; null for a file of one's own.</param>
/// <param name="Files">The files that are there.</param>
/// <param name="Absent">The set's files that are not.</param>
public sealed record DataView(PublishedSet? Set, IReadOnlyList<FileView> Files, IReadOnlyList<string> Absent)
{
    /// <summary>Looks at what a name stands for: a path where there is such a file, else a published file, else a published set.</summary>
    /// <param name="name">A path, or a name in the catalogue.</param>
    /// <param name="home">Where published files lie.</param>
    /// <param name="firstRows">Rows to show of each file.</param>
    /// <exception cref="AlidadeException">There is nothing of that name, a file that was named is not there, or one is not as published or malformed.</exception>
    public static DataView Of(string name, DataHome home, int firstRows)
    {
        if (File.Exists(name))
            return new(null, [FileView.Of(name, firstRows)], []);
        if (DataCatalogue.HasFile(name))
            return new(DataCatalogue.Set(DataCatalogue.File(name).Set), [FileView.Of(DataCatalogue.File(name), home, firstRows)], []);
        var set = DataCatalogue.Sets.FirstOrDefault(s => s.Name == name) ?? throw new AlidadeException($"'{name}' is neither a file here nor in the catalogue{Hint(name)}");
        var absent = set.Files.Where(f => home.StateOf(f) == FileState.Absent).ToList();
        return new(set, [.. set.Files.Except(absent).Select(f => FileView.Of(f, home, firstRows))], [.. absent.Select(f => f.Name)]);
    }

    private static string Hint(string name) =>
        Suggest.Nearest(name, DataCatalogue.Sets.SelectMany(s => s.Files.Select(f => f.Name).Prepend(s.Name))) is { } nearest ? $" (did you mean '{nearest}'?)" : "; see: alidade data list";
}
