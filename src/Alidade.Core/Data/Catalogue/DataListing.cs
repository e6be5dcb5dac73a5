namespace Alidade.Core.Data.Catalogue;

/// <summary>A published set and how much of it is there.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Area">What it measures.</param>
/// <param name="Description">One sentence.</param>
/// <param name="Files">Files in all.</param>
/// <param name="Present">Files that are there as published.</param>
/// <param name="Changed">Files that are there with another content.</param>
/// <param name="Bytes">Size of all files.</param>
/// <param name="Licences">Licences of the data (SPDX).</param>
/// <param name="NonCommercial">True when a licence allows no commercial use.</param>
/// <param name="Offensive">True when it holds offensive or harmful texts.</param>
/// <param name="Notice">What to know before it is used; null for nothing.</param>
public sealed record ListedSet(
    string Name, DataArea Area, string Description, int Files, int Present, int Changed, long Bytes, IReadOnlyList<string> Licences, bool NonCommercial, bool Offensive, string? Notice);

/// <summary>The catalogue held against a data folder.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Sets">All sets.</param>
public sealed record DataListing(string Folder, IReadOnlyList<ListedSet> Sets)
{
    /// <summary>Looks at every published file of a folder.</summary>
    /// <exception cref="AlidadeException">A file cannot be read.</exception>
    public static DataListing Of(DataHome home) => new(home.Folder, [.. DataCatalogue.Sets.Select(set =>
    {
        var states = set.Files.Select(home.StateOf).ToArray();
        return new ListedSet(
            set.Name, set.Area, set.Description, set.Files.Count, states.Count(s => s == FileState.Present), states.Count(s => s == FileState.Changed), set.Bytes,
            [.. set.Licences], set.NonCommercial, set.Offensive, set.Notice);
    })]);
}
