using Alidade.Core;

namespace Alidade.Models.Hub;

/// <summary>Finds what a user names as a model: a path, or <c>ORG/NAME[@REVISION]</c> in the hub's cache. Asks nothing of the network.</summary>
public static class ModelLocation
{
    /// <summary>The folder or file to load. A text that is neither a path that exists nor a hub's name is given back as it is.</summary>
    /// <exception cref="AlidadeException">The name is a hub's and the model was not pulled, or was pulled as several GGUF files.</exception>
    public static string Resolve(string pathOrId) => Resolve(pathOrId, HubOptions.FromEnvironment);

    internal static string Resolve(string pathOrId, Func<HubOptions> options)
    {
        if (Directory.Exists(pathOrId) || File.Exists(pathOrId) || HubModelId.TryParse(pathOrId) is not { } id)
            return pathOrId;
        var cache = new HubCache(options().CacheFolder, id);
        var commit = cache.CommitOf(id.RevisionOrMain) ?? OnlySnapshot(cache, id)
            ?? throw new AlidadeException($"'{pathOrId}' is neither a file here nor a model in the hub's cache; to fetch it: alidade model pull {pathOrId}");
        var snapshot = cache.Snapshot(commit);
        if (File.Exists(Path.Combine(snapshot, "config.json")))
            return snapshot;
        return Directory.GetFiles(snapshot, "*.gguf", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray() switch
        {
            [var file] => file,
            [] => snapshot,
            var files => throw new AlidadeException($"'{pathOrId}' was pulled as {files.Length} GGUF files; name one of them: {string.Join(", ", files)}"),
        };
    }

    // Pulled by its commit alone, so that no branch is known.
    private static string? OnlySnapshot(HubCache cache, HubModelId id) =>
        id.Revision is null && Directory.Exists(cache.Snapshot("")) && Directory.GetDirectories(cache.Snapshot("")) is [var only] ? Path.GetFileName(only) : null;
}
