using System.Diagnostics;
using Alidade.Core;
using Alidade.Core.Downloads;
using Alidade.Core.Files;
using Alidade.Models.Weights;

namespace Alidade.Models.Hub;

/// <summary>A model that lies in the hub's cache.</summary>
public sealed record PulledModel
{
    /// <summary><c>ORG/NAME</c> with the revision that was asked for.</summary>
    public required string Model { get; init; }

    /// <summary>The commit of its files.</summary>
    public required string Commit { get; init; }

    /// <summary>The folder to load.</summary>
    public required string Folder { get; init; }

    /// <summary>Its files.</summary>
    public required IReadOnlyList<PulledFile> Files { get; init; }

    /// <summary>What stayed on the hub, and why.</summary>
    public required IReadOnlyList<FileLeftOut> LeftOut { get; init; }

    /// <summary>Bytes that were fetched.</summary>
    public long FetchedBytes => Files.Where(f => f.Fetched).Sum(f => f.Bytes);

    /// <summary>Wall time.</summary>
    public required double Seconds { get; init; }
}

/// <summary>
/// Fetches a model from the hub into the hub's own cache: what it needs and nothing that can run code, resumed where an earlier pull ended, every content
/// checked against the hash that the hub lists.
/// </summary>
public static class HubPull
{
    /// <summary>Pulls a model. Afterwards <see cref="ModelLocation"/> finds it under its name.</summary>
    /// <param name="id">The model.</param>
    /// <param name="files">Weights to take instead of the model's safetensors, such as one GGUF file; empty for those.</param>
    /// <param name="options">Hub, cache and token.</param>
    /// <param name="progress">Told the bytes of each file; null for none.</param>
    /// <param name="cancellation">Stops the work; what was fetched is kept.</param>
    /// <exception cref="AlidadeException">
    /// There is no such model, revision or file, the hub refuses or does not answer, a content is not what the hub lists, or the disk is full.
    /// </exception>
    public static async Task<PulledModel> PullAsync(
        HubModelId id, IReadOnlyList<string> files, HubOptions options, IProgress<Progress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        var cache = new HubCache(options.CacheFolder, id);
        if (options.Offline)
            return FromCache(id, cache, files, clock);
        using var client = new HubClient(options);
        var listing = await client.ListAsync(id, cancellation).ConfigureAwait(false);
        var first = PullSelection.First(id, listing, files);
        CheckSpace(options.CacheFolder, first.Where(f => !IsThere(cache, f)).Sum(f => f.Bytes));
        var pulled = await FetchAsync(first).ConfigureAwait(false);
        if (first.FirstOrDefault(f => f.Name == SafetensorsFolder.Index) is { } index)
        {
            var shards = PullSelection.Shards(id, listing, cache.FileOf(listing.Commit, index.Name));
            CheckSpace(options.CacheFolder, shards.Where(f => !IsThere(cache, f)).Sum(f => f.Bytes));
            pulled = [.. pulled, .. await FetchAsync(shards).ConfigureAwait(false)];
        }

        // Last, so that a name that is found is a model that is whole.
        cache.Remember(id.RevisionOrMain, listing.Commit);
        return new()
        {
            Model = id.ToString(),
            Commit = listing.Commit,
            Folder = cache.Snapshot(listing.Commit),
            Files = pulled,
            LeftOut = PullSelection.LeftOut(listing, [.. pulled.Select(f => f.Name)]),
            Seconds = clock.Elapsed.TotalSeconds,
        };

        async Task<PulledFile[]> FetchAsync(IReadOnlyList<RemoteFile> wanted)
        {
            // Two names can have one content.
            var missing = wanted.Where(f => !IsThere(cache, f)).DistinctBy(f => f.Hash).ToList();
            await client.FetchAsync(id, listing.Commit, missing, file => cache.Blob(file.Hash), progress, cancellation).ConfigureAwait(false);
            foreach (var file in wanted)
                cache.Link(listing.Commit, file.Name, file.Hash);
            var fetched = missing.Select(f => f.Hash).ToHashSet(StringComparer.Ordinal);
            return [.. wanted.Select(f => new PulledFile(f.Name, f.Bytes, fetched.Contains(f.Hash)))];
        }
    }

    private static bool IsThere(HubCache cache, RemoteFile file) =>
        new FileInfo(cache.Blob(file.Hash)) is { Exists: true } blob && blob.Length == file.Bytes;

    private static PulledModel FromCache(HubModelId id, HubCache cache, IReadOnlyList<string> files, Stopwatch clock)
    {
        var commit = cache.CommitOf(id.RevisionOrMain) ?? throw new AlidadeException($"{id} is not in the hub's cache at '{cache.Folder}', and nothing is fetched offline; pull it once without --offline and HF_HUB_OFFLINE");
        if (files.FirstOrDefault(f => !File.Exists(cache.FileOf(commit, f))) is { } missing)
            throw new AlidadeException($"'{missing}' of {id} is not in the hub's cache at '{cache.Snapshot(commit)}', and nothing is fetched offline");
        var folder = cache.Snapshot(commit);
        return new()
        {
            Model = id.ToString(),
            Commit = commit,
            Folder = folder,
            Files = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
                .Select(f => new PulledFile(Path.GetRelativePath(folder, f).Replace('\\', '/'), Length(f), Fetched: false))],
            LeftOut = [],
            Seconds = clock.Elapsed.TotalSeconds,
        };

        static long Length(string path)
        {
            using var stream = File.OpenRead(path);
            return stream.Length;
        }
    }

    private static void CheckSpace(string folder, long bytes)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw AtomicFile.CannotWrite(folder, exception);
        }

        long free;
        try
        {
            free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A file system that does not tell; the disk will.
            return;
        }

        if (free < bytes)
            throw new AlidadeException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"the model takes {bytes / 1e9:f1} GB, '{folder}' has {free / 1e9:f1} GB left; free some space, or set HF_HUB_CACHE to a folder on another disk"));
    }
}
