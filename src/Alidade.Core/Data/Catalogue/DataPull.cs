using System.Diagnostics;
using Alidade.Core.Downloads;

namespace Alidade.Core.Data.Catalogue;

/// <summary>Published sets that lie whole in a data folder.</summary>
public sealed record PulledData
{
    /// <summary>The sets.</summary>
    public required IReadOnlyList<string> Sets { get; init; }

    /// <summary>The data folder.</summary>
    public required string Folder { get; init; }

    /// <summary>Their files.</summary>
    public required IReadOnlyList<PulledFile> Files { get; init; }

    /// <summary>Bytes that were fetched.</summary>
    public long FetchedBytes => Files.Where(f => f.Fetched).Sum(f => f.Bytes);

    /// <summary>Wall time.</summary>
    public required double Seconds { get; init; }
}

/// <summary>Fetches published sets into a data folder from their repositories, at the commits of the catalogue: resumed where an earlier pull ended, every content checked against its hash.</summary>
public static class DataPull
{
    /// <summary>The files that a pull would fetch.</summary>
    /// <exception cref="AlidadeException">A file is there with another content: it is the user's, and is not written over.</exception>
    public static IReadOnlyList<PublishedFile> Missing(IReadOnlyList<PublishedSet> sets, DataHome home)
    {
        var states = sets.SelectMany(s => s.Files).Select(f => (File: f, State: home.StateOf(f))).ToList();
        return states.FirstOrDefault(s => s.State == FileState.Changed).File is { } changed
            ? throw new AlidadeException($"'{home.PathOf(changed)}' is there with another content than was published; move it away to fetch the published one")
            : [.. states.Where(s => s.State == FileState.Absent).Select(s => s.File)];
    }

    /// <summary>Pulls sets. Afterwards <see cref="DataHome.Find"/> finds their files.</summary>
    /// <param name="sets">The sets.</param>
    /// <param name="home">The data folder; made when absent.</param>
    /// <param name="source">Where the files come from.</param>
    /// <param name="progress">Told the bytes of each file; null for none.</param>
    /// <param name="cancellation">Stops the work; what was fetched is kept.</param>
    /// <exception cref="AlidadeException">
    /// A file is there with another content, the source refuses or does not answer, a content is not the published one, or the disk is full.
    /// </exception>
    public static async Task<PulledData> PullAsync(
        IReadOnlyList<PublishedSet> sets, DataHome home, DataSource source, IProgress<Progress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        var missing = Missing(sets, home);
        using var client = new DownloadClient(source);
        var files = missing.Select(f => new Fetch(new(f.Name, f.Bytes, f.Sha256), source.AddressOf(f), home.PathOf(f))).ToList();
        try
        {
            await client.FetchAsync(string.Join(", ", missing.Select(f => f.Set).Distinct()), files, progress, cancellation).ConfigureAwait(false);
        }
        catch (DownloadRefusal refusal)
        {
            throw new AlidadeException(
                refusal.Status == 404
                    ? $"{refusal.Address} is not there (404): the repository was moved or taken away; name a mirror that is laid out alike with {DataSource.Variable}, or put the file into '{home.Folder}' yourself"
                    : $"{refusal.Address.Host} refuses {refusal.Address} ({refusal.Status})",
                refusal);
        }

        return new()
        {
            Sets = [.. sets.Select(s => s.Name)],
            Folder = home.Folder,
            Files = [.. sets.SelectMany(s => s.Files).Select(f => new PulledFile(f.Name, f.Bytes, missing.Contains(f)))],
            Seconds = clock.Elapsed.TotalSeconds,
        };
    }
}
